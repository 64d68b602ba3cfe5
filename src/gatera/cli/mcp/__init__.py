"""`gatera mcp`: programs as tools for assistants, over standard input and output (Model Context Protocol).

In: program files. Out: one tool for each, and one that recommends for programs of ratings. Read first: `tools.py`, which knows nothing of
the protocol; `run.py` speaks it.
"""
