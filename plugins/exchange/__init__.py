"""Two-way exchange with the member system of a mother organisation. The federation reads, the club owns."""
