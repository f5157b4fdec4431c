"""Tests; the folders mirror the rooms, plus architecture, services (real servers) and e2e (a real browser)."""
