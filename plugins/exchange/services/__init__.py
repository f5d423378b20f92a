"""What can be done with exchanges. Everything flushes and nothing commits, but for the jobs."""
