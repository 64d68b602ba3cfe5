"""Labels as text: rows and their columns, sheets of rows, what a spreadsheet made of them, changes, merging.

Nothing here knows git or the disk beyond the bytes of a file of labels.
"""
