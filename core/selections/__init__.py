"""Chosen rows, frozen: what a bulk action, an export or a document run works on."""
