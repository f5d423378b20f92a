"""Copies of everything an installation holds, in one file each."""
