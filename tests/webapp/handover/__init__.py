"""Tests of hand-overs."""
