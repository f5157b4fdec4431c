"""The page on which administrators manage the tokens of machines."""
