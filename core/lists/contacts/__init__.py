"""The list of contacts: its columns, filters, search and pages."""
