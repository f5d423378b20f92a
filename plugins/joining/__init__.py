"""Joining and leaving in one act, and whether everything is right."""
