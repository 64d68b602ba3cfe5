"""`gatera label ...`: label a folder or table by functions, see what these are worth, and what to label by hand next.

`apply` runs the user's file of functions and writes labels; `report` and `next` work on the votes that it kept. Read `apply` first.
"""
