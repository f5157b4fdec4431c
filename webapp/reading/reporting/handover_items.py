"""What a shift leaves open of reports."""

from collections.abc import Iterable

from webapp.foundation.accounts.models import Site
from webapp.foundation.core.handover_items import HandoverItem, clock
from webapp.reading.reporting.models import Report


def draft_items(site: Site) -> Iterable[HandoverItem]:
    """Yield the reports of a site that somebody began and nobody signed."""
    drafts = Report.objects.filter(study__site=site, state=Report.State.DRAFT).select_related("author")
    for row in drafts.order_by("updated_at"):
        yield HandoverItem(
            str(row.pk), row.study_id, f"{row.author.get_username()} changed it last {clock(row.updated_at)}."
        )
