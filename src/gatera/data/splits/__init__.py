"""Split items into training, validation and test sets.

Read `split` first: the checked record that every splitter returns. `by_position` splits by order, chance or folder;
`by_value` splits by a column or a group, and keeps classes in proportion.
"""
