"""Navigation entries, panels, badges and hand-over items of this app on the pages of others."""

from webapp.foundation.accounts.navigation import NavigationEntry, navigation_entries
from webapp.foundation.accounts.permissions import Action
from webapp.foundation.core.handover_items import HandoverKind, handover_kinds
from webapp.reading.worklist.handover_items import claim_items, stat_items

navigation_entries.register(
    NavigationEntry("worklist", "Worklist", Action.SEE, order=10),
    NavigationEntry("reading-rules", "Settings", Action.MANAGE_READING, order=10, is_administration=True),
)
handover_kinds.register(
    HandoverKind("stat", "STAT, not read", "soon", order=20, items=stat_items),
    HandoverKind("held", "In progress", "mine", order=40, items=claim_items),
)
