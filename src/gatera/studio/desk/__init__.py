"""A person at work: the journal on disk, and what follows from it. Read first: `journal.py`."""
