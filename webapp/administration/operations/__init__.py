"""The long-running services: housekeeping, delivery, sharing."""
