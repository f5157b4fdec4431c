"""Running the house: monitoring, model cards, tokens, the audit page, operations."""
