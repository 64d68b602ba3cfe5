"""Sound, ready-made: recordings as pictures for models of photos."""
