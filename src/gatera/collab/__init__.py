"""Ratings: what a user would think of an item."""
