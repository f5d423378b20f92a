"""Memberships of clubs and of their federations."""
