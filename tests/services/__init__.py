"""Both deployments, with real servers, when things go wrong."""
