"""What this app contributes to other apps' pages."""

from webapp.foundation.accounts.navigation import NavigationEntry, navigation_entries
from webapp.foundation.accounts.permissions import Action

navigation_entries.register(
    NavigationEntry("webhooks", "Webhooks", Action.MANAGE_WEBHOOKS, order=60, is_administration=True)
)
