"""Which parts of one item an answer comes from, for each kind of input: maps, words, columns, users and items.

`interpret.attribution` chooses among these. Computed through captum where it has the method.
"""
