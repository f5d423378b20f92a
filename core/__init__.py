"""Koepel: membership administration for federations and their clubs."""

__version__ = "0.1.0"
