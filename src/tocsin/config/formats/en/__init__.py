"""English as most of the world writes dates."""
