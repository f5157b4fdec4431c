"""Webhooks: signed messages that notify other programs of events. They contain ids and UIDs only."""
