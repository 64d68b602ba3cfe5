"""Train on tables: rows of categories and numbers, and a class or a number to predict from each."""
