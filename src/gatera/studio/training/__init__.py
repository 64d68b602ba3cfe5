"""Train again: a head on frozen features, in the background. All but `start.py` and `kept_features.py` needs PyTorch. Read first: `again.py`."""
