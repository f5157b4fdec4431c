"""What a reader answers for: drafts, signatures that bind what was seen, and where report and AI differ."""
