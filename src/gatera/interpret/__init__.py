"""Looking at what a model gets wrong: confusion, top losses, and their plots."""
