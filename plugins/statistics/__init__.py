"""The numbers of a federation: members over time, its clubs over seasons, snapshots per reference date."""
