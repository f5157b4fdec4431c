"""The viewer's server side."""
