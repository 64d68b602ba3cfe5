"""The Open Inference Protocol of KServe and Triton. In: its requests. Out: its answers. Read first: `inference.py`."""
