"""The cascade: everything used in inference (pathways, operations, networks, runtime, measurements), no training."""
