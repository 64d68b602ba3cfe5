"""Around the labels: git, the lock of a repository, and what is kept beside it to be fast."""
