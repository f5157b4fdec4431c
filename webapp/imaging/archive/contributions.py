"""What this app shows on the pages of others."""

from webapp.foundation.accounts.navigation import NavigationEntry, navigation_entries
from webapp.foundation.accounts.permissions import Action

navigation_entries.register(NavigationEntry("upload", "Upload", Action.UPLOAD, order=60))
