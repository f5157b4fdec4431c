"""Panels of the study page, registered by the apps that show them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from webapp.foundation.core.registry import Registry
from webapp.imaging.archive.models import Study


class PanelPlace(StrEnum):
    """Where on the page a panel stands."""

    HEAD = "head"
    TOOLS = "tools"
    FOOT = "foot"


@dataclass(frozen=True)
class StudyPanel:
    """A panel of the study page.

    Attributes
    ----------
    name
        Unique name of the panel.
    template, context
        Its template, and the function that returns the template's context.
    place, order
        Where on the page, and where among the panels there.
    """

    name: str
    template: str
    context: Callable[[HttpRequest, Study], Mapping[str, Any]]
    place: PanelPlace
    order: int


study_panels: Registry[StudyPanel] = Registry()


def draw_panels(request: HttpRequest, study: Study) -> dict[str, list[SafeString]]:
    """Return the panels of a study, drawn, by the place where they stand."""
    drawn: dict[str, list[SafeString]] = {place.value: [] for place in PanelPlace}
    for panel in study_panels:
        drawn[panel.place].append(render_to_string(panel.template, dict(panel.context(request, study)), request))
    return drawn
