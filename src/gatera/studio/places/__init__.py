"""Where items and labels are: a plain folder, a table, or a data repository. Read first: `place.py`."""
