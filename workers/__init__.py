"""The doorway between the web and the networks: typed contracts, the queue, the storage layout."""
