"""Accounts: configuration."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, sites and the policy."""

    name = "webapp.foundation.accounts"
