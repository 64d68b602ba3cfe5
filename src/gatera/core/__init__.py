"""Shared basics: errors, argument checks, files, locks, random numbers, progress.

Read `errors` first (every exception, and the parts of a message), then `checks` (functions that raise them). `files` writes
atomically and finds the cache folder; `locks` lets one process at a time work on a file; `random` makes generators from keys; `lazy`
delays imports; `signatures` writes long argument lists once. `progress`, `terminal_bar` and `figures` show things.

Every other room may import this one; it imports no other room. Only `random` needs PyTorch, so that programs run
without it.
"""

import csv

# Python's module csv refuses cells of more than 131,072 characters unless it is told otherwise; articles are longer
csv.field_size_limit(max(csv.field_size_limit(), 2**31 - 1))
