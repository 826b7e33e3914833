"""Public pages: check a message, report it, come back with a receipt, see the figures."""
