"""Who saw or did what: an append-only, searchable record."""
