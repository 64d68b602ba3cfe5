"""Training on data repositories: the folder or a commit of it (`source`), and its labelled files (`files`)."""
