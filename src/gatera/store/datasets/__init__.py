"""Data repositories: an ordinary folder under git, whose `labels.csv` has a line for each item; the files are kept by their content.

Read first: `repository.DataRepository`, then `labels/rows.py`, the format. `work` has git, the lock and the cache.
"""
