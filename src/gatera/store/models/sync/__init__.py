"""Versions on their way: to remotes, from remotes, to and from the Hugging Face hub, and lock files that pin them."""
