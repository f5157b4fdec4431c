"""Template tags of the pages: icons, moments, and the words of `presentation`."""

from datetime import datetime

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from webapp.foundation.core import handover_items
from webapp.imaging.archive.models import Study
from webapp.imaging.inference import presenters

register = template.Library()


@register.filter
def percent(probability: object) -> str:
    """Return a probability in words; nothing where a step has none, or there is no step."""
    return presenters.percent(probability) if isinstance(probability, float) else ""


@register.filter
def milliseconds(ms: object) -> str:
    """Return a duration in words; nothing where there is none."""
    return presenters.milliseconds(ms) if isinstance(ms, float) else ""


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of the sprite; it is never the only carrier of a meaning, so it is hidden from readers."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name)


@register.simple_tag
def moment(at: datetime | None) -> SafeString | str:
    """Show a moment in full; the browser turns it into "3 min ago" and keeps that fresh (js/time.js)."""
    if at is None:
        return ""
    local = localtime(at)
    full = f"{local:%d %b %Y, %H:%M:%S} {local:%Z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), full, full)


@register.filter
def hundredths(share: float) -> str:
    """Return a share of one as a coordinate of 0 to 100 in a drawing."""
    return f"{100 * share:.1f}"


@register.filter
def patient_name(stated: str) -> str:
    """Return a name of the header as people write it."""
    return presenters.format_person_name(stated)


@register.filter
def patient_of(study: Study) -> str:
    """Return whom a study shows, as lists name them."""
    return presenters.person_of(study).name


@register.filter
def clock(at: datetime) -> str:
    """Return a moment as a hand-over says it."""
    return handover_items.clock(at)


@register.filter
def event_number(code: str) -> str:
    """Return the DICOM event ID of an audit code."""
    return code.partition(" ")[0]


@register.filter
def event_word(code: str) -> str:
    """Return what an audit code says in words."""
    return code.partition(" ")[2].capitalize()
