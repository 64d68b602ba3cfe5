"""How items should be split: what file names, dates, columns and copies say of which items belong together.

`suggestion` has the record; `names` looks at files, `columns` at tables, `alike` compares items within groups and between.
"""
