"""Recognise how a folder of labelled files is laid out.

`labelled` handles class folders, train and valid folders, `labels.csv` and labels in file names; `masks` pairs photos with
their masks; both choose a validation set (`split_folders`). In: a folder. Out: a record of files, labels and split, with the files
that are skipped and why.
"""
