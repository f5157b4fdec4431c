"""Navigation entries, panels, badges and hand-over items of this app on the pages of others."""

from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.navigation import NavigationEntry, navigation_entries
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.core.handover_items import HandoverKind, handover_kinds
from webapp.reading.critical_results.handover_items import critical_items
from webapp.reading.critical_results.presenters import critical_context
from webapp.reading.critical_results.selectors import criticals_open, overdue_count
from webapp.reading.study_page.panels import PanelPlace, StudyPanel, study_panels
from webapp.reading.worklist.extras import WorklistBadge, worklist_badges
from webapp.reading.worklist.selectors import OVERDUE


def overdue_for(user: User) -> int:
    """Count the overdue critical results, for whoever manages reading at the site."""
    return overdue_count(user) if may(user, Action.MANAGE_READING) else 0


navigation_entries.register(
    NavigationEntry("critical-results", "Critical", Action.SEE, order=20, waiting=overdue_for, waiting_word=OVERDUE)
)
handover_kinds.register(
    HandoverKind("critical", "Critical results not read back", "first", order=10, items=critical_items)
)
worklist_badges.register(WorklistBadge("critical", "Critical, not read back", "first", criticals_open, order=10))
study_panels.register(
    StudyPanel("critical results", "critical_results/panel.html", critical_context, place=PanelPlace.HEAD, order=10)
)
