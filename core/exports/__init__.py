"""Taking data out: XLSX and CSV files that no spreadsheet program can be tricked by."""
