"""Critical results: findings that cannot wait for the report, their notifications, and whether they were read back."""
