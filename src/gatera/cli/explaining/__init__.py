"""`gatera explain`: `run` finds out what a program takes; `photos` draws maps, `parts` weighs words and columns."""
