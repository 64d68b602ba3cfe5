"""The labelling studio: where a person labels, reviews and corrects in a browser. What it needs of PyTorch is in `training`, and loaded when asked for.

In: a folder, a table or a data repository. Out: labels.csv, or one commit of labels for each session. Read first: `studio.py`,
then `desk/journal.py` (nothing is lost) and `app/api.py` (what a page may ask).
"""
