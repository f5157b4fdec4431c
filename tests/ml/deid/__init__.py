"""What leaves without a name."""
