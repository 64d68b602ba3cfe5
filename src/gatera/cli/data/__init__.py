"""`gatera data`: data sets whose labels are under git. `commands` is the table, the other modules run them."""
