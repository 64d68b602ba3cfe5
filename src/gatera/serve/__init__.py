"""Programs behind HTTP: predictions, a page to try them, health, metrics, the Open Inference Protocol. No PyTorch.

In: program files, or versions in the registry. Out: a server that answers until it is told to stop. Read first: `server.py`, then
`queue.py`, where requests wait and are computed.

    body -> reading.py -> queue.py (queue, threads) -> answers.py -> JSON
"""
