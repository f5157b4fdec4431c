"""Annotation campaigns: pick series, let readers answer one question of each, keep what they agree on."""
