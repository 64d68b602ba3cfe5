"""Completion scripts of bash, zsh and fish, and `scripts`, which makes them of the commands."""
