"""What every page and server of ours needs: who may ask, how much may be sent, how a server starts and stops, one look.

In: routes of Starlette. Out: an ASGI application that refuses strangers, and a server that runs it on one machine. Read first:
`app.py`, then `guard.py` and `launch.py`. Nothing here knows programs or labels: `serve` and `studio` stand on it.
"""
