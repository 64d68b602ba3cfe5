"""Shared basics: errors, argument checks, files, random numbers, devices, progress.

Read `errors` first (every exception, and the parts of a message), then `checks` (functions that raise them). `files` writes
atomically and finds the cache folder; `random` makes generators from keys; `device` picks device and precision; `lazy`
delays imports; `signatures` writes long argument lists once. `progress`, `terminal_bar` and `figures` show things.

Every other room may import this one; it imports no other room. Only `random` and `device` need PyTorch, so that programs run
without it.
"""
