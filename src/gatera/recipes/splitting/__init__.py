"""The split of a training run: as asked, else as the items suggest; and what is on both sides in spite of it."""
