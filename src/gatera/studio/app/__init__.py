"""The studio behind HTTP. Read first: `api.py`."""
