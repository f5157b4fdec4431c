"""Navigation entries, panels, badges and hand-over items of this app on the pages of others."""

from typing import Any

from django.http import HttpRequest

from webapp.foundation.accounts.access import current_user
from webapp.imaging.archive.models import Study
from webapp.reading.followup.selectors import studies_of
from webapp.reading.study_page.panels import PanelPlace, StudyPanel, study_panels


def visits(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Return the context of the link: the number of studies of the same patient."""
    return {"study": study, "visits": studies_of(study=study, user=current_user(request)).count()}


study_panels.register(StudyPanel("follow-up", "followup/link.html", visits, place=PanelPlace.TOOLS, order=10))
