"""Which items come in which order. Read first: `orders.py`."""
