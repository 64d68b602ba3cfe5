"""Where people use git itself on a data repository: what git calls to merge labels (`driver`), how its conflicts are written (`marks`)
and settled (`resolving`), what it has begun and not finished (`unfinished`), and files that follow where git has moved the labels (`following`).
"""
