"""Navigation entries, panels, badges and hand-over items of this app on the pages of others."""

from typing import Any

from django.http import HttpRequest

from webapp.foundation.accounts.access import current_user
from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.navigation import NavigationEntry, navigation_entries
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.core.handover_items import HandoverKind, handover_kinds
from webapp.imaging.archive.models import Study
from webapp.reading.reporting.handover_items import draft_items
from webapp.reading.reporting.selectors import discrepancies_visible, report_line
from webapp.reading.study_page.panels import PanelPlace, StudyPanel, study_panels


def discrepancies_open(user: User) -> int:
    """Count the discrepancies that wait for a user."""
    return discrepancies_visible(user).filter(acknowledged_at=None).count()


def report_state(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Return what the line about a study's report shows."""
    line = report_line(study=study, user=current_user(request))
    return {"report_line": line, "study": study, "may_read": may(request.user, Action.READ, study)}


navigation_entries.register(
    NavigationEntry("discrepancies", "Discrepancies", Action.READ, order=40, waiting=discrepancies_open)
)
handover_kinds.register(HandoverKind("draft", "Reports started, not signed", "file", order=30, items=draft_items))
study_panels.register(StudyPanel("report", "reporting/line.html", report_state, place=PanelPlace.HEAD, order=20))
