"""How Readroom is set up, started and kept running (standard library only)."""
