"""Reports from the public, their receipts, and the answers that come back."""
