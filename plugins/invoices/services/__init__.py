"""What can be done with fees, runs, invoices and payments. Everything flushes and nothing commits."""
