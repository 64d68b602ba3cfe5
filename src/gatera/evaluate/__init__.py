"""How good a model is, said honestly: error with its interval, the baseline beside it, a page and a card for people."""
