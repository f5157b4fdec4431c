"""What every app stands on: core helpers, accounts and permissions, the audit trail."""
