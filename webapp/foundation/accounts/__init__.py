"""Who works here, where, and what each may see and do."""
