"""Shared basics: errors, argument checks, files, random numbers, devices, progress.

Read `errors` first (every exception, and the parts of a message), then `checks` (functions that raise them). `files` writes
atomically and finds the cache folder; `random` makes generators from keys; `device` picks device and precision; `lazy`
delays imports; `signatures` writes long argument lists once. `progress`, `terminal_bar` and `figures` show things.

Every other room may import this one; it imports no other room. Only `random` and `device` need PyTorch, so that programs run
without it.
"""

import csv

# Python's module csv refuses cells of more than 131,072 characters unless it is told otherwise; articles are longer
csv.field_size_limit(max(csv.field_size_limit(), 2**31 - 1))
