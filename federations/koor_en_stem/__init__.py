"""Koor&Stem: choirs, their seasons, groups and insurance."""
