"""Unsigned drafts at the end of a shift."""

from collections.abc import Iterable

from webapp.foundation.core.handover_items import HandoverItem, clock
from webapp.reading.reporting.models import Report


def draft_items(site: int) -> Iterable[HandoverItem]:
    """Yield the unsigned drafts of a site."""
    drafts = Report.objects.filter(study__site=site, state=Report.State.DRAFT).select_related("author")
    for row in drafts.order_by("updated_at"):
        yield HandoverItem(
            str(row.pk), row.study_id, f"{row.author.get_username()} changed it last {clock(row.updated_at)}."
        )
