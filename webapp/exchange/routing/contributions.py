"""What this app contributes to other apps' pages."""

from typing import Any

from django.http import HttpRequest

from webapp.foundation.accounts.navigation import NavigationEntry, navigation_entries
from webapp.foundation.accounts.permissions import Action, may
from webapp.imaging.archive.models import Study
from webapp.reading.study_page.panels import PanelPlace, StudyPanel, study_panels


def sending(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Return the context of the sending panel: the study, and whether the user may send it."""
    return {"study": study, "may_send": may(request.user, Action.SEND, study)}


navigation_entries.register(
    NavigationEntry("network", "Network", Action.MANAGE_DESTINATIONS, order=30, is_administration=True)
)
study_panels.register(StudyPanel("sending", "routing/section.html", sending, place=PanelPlace.FOOT, order=10))
