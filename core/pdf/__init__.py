"""Pages as PDF, made in a process of their own that cannot read, fetch or run on."""
