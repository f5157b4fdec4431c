"""What this app shows on the pages of others."""

from webapp.foundation.accounts.navigation import NavigationEntry, navigation_entries
from webapp.foundation.accounts.permissions import Action

navigation_entries.register(
    NavigationEntry("background-work", "Background work", Action.MANAGE_WORK, order=65, is_administration=True)
)
