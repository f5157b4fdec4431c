"""Campaigns: one question of many pictures, and the set that comes of it."""
