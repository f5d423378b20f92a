"""The lists of invoices, and of the clubs and members of a run."""
