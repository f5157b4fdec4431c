"""The cascade that serves: pathways, operations, networks, runtime, measurements; nothing here trains."""
