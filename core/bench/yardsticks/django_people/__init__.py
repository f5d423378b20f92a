"""A Django application with one table of people, for its admin."""
