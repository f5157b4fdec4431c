"""Navigation entries, panels, badges and hand-over items of this app on the pages of others."""

from webapp.foundation.accounts.navigation import NavigationEntry, navigation_entries
from webapp.foundation.accounts.permissions import Action

navigation_entries.register(NavigationEntry("campaigns", "Campaigns", Action.READ, order=50))
