"""How fast Koepel is, as ratios against named yardsticks measured in the same run."""
