"""Example federation: its rules, all of them declarations."""
