"""Train well on what is on disk: one recipe per task, from a folder or a table to a program and its figures."""
