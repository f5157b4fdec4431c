"""Pathways."""
