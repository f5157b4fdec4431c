"""Tests of reports: writing, signing, what leaves, and where AI and report differ."""
