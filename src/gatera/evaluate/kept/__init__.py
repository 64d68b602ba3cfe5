"""Labels that our own tools keep: those of a data repository, and labels.csv as labelling functions and the studio write it.

In: a folder, or `DATA@COMMIT` (`origin`). Out: its labelled files, its rows as a table, or its photos with masks, with sides and
groups; None where nothing of ours is there. Training (`recipes/repositories`) and measuring (`measure_source`, `find_files`,
`find_masked`) read them here. No PyTorch. Read first: `origin.py`, then `files.py`.
"""
