"""Webhooks: other programs are told, signed, that something happened. Ids and UIDs only: who may know more asks."""
