"""Recognise how a folder of labelled files is laid out.

`labelled` handles class folders, train/valid folders and label patterns; `masks` pairs photos with their masks.
In: a folder. Out: a record of files, labels, split, and skipped files with the reason.
"""
