"""What a shift leaves open of critical results."""

from collections.abc import Iterable

from webapp.accounts.models import Site
from webapp.criticals.models import CriticalResult
from webapp.criticals.selectors import unacknowledged
from webapp.handover.left import Left, clock


def criticals_left(site: Site) -> Iterable[Left]:
    """Yield the critical results of a site that nobody has read back."""
    rows = unacknowledged(CriticalResult.objects.filter(study__site=site)).prefetch_related("notifications")
    for row in rows:
        times = len(row.notifications.all())
        told = f"told {times} times" if times > 1 else "told once"
        told = f"{told}, not read back" if times else "nobody was told"
        yield Left(str(row.pk), row.study_id, f"Recorded {clock(row.opened_at)}; {told}.")
