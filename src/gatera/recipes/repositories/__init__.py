"""Training on data repositories: their labelled files (`files`) and masks (`masks`). What a source stands for: `evaluate.kept.origin`."""
