"""Critical results: what somebody has to be told now, who was told, when, and whether they read it back."""
