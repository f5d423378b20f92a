"""The lists of memberships, and what memberships add to the list of contacts."""
