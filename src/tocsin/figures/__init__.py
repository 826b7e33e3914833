"""What the ledger adds up to, and the report that anyone can recompute. Counts only, never a person or a message."""
