"""What a page shows of items that are files: photos, small pictures of them, recordings as sound and as pictures."""
