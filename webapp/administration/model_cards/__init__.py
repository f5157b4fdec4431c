"""The models: the list with the cascade's drawing, and a page for each."""
