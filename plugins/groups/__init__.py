"""Seasons, groups and committees, who is in them, and what a federation reads of them."""
