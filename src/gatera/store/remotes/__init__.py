"""Places that objects are sent to and fetched from: folders, and every address that fsspec knows. Read `remote.py` first.

`open.py` makes a remote of an address, `transfer.py` copies objects between a store and a remote, `retry.py` holds out against a bad network.
"""
