"""What went wrong in a training, with the evidence and the next thing to try. Nothing is said where nothing is wrong."""
