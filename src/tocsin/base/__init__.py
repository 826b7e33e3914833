"""What every room may lean on: the clock, ids, the rate bucket. Knows no domain word."""
