"""Families: who belongs together, and which parents may act for a child."""
