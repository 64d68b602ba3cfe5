"""Use a learner on whole data sets: run batches, score them, show the results."""
