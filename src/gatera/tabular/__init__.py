"""Tables: rows of categories and numbers, and what is to be said of each."""
