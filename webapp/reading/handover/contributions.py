"""Navigation entries, panels, badges and hand-over items of this app on the pages of others."""

from webapp.foundation.accounts.navigation import NavigationEntry, navigation_entries
from webapp.foundation.accounts.permissions import Action
from webapp.reading.handover.selectors import handovers_waiting
from webapp.reading.worklist.extras import WorklistNotice, worklist_notices

navigation_entries.register(NavigationEntry("handovers", "Hand-over", Action.SEE, order=30))
worklist_notices.register(
    WorklistNotice(
        "handover-waiting", "handover/waiting.html", lambda user: {"handovers": handovers_waiting(user)}, order=10
    )
)
