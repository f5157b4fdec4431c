"""Exports without identities: studies leave as a zip that says of nobody who it is."""
