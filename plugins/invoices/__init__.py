"""Invoices of a federation to its clubs: fees, the yearly run, orders, payments."""
