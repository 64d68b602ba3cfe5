"""The log of what a server answered, and the labels that people made of it. Read first: `answers.py`."""
