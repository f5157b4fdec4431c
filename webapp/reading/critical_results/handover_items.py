"""Open critical results at the end of a shift."""

from collections.abc import Iterable

from webapp.foundation.core.handover_items import HandoverItem, clock
from webapp.reading.critical_results.selectors import CriticalRow, criticals_open_at


def critical_items(site: int) -> Iterable[HandoverItem]:
    """Yield the critical results of a site that nobody has read back, and by how much they are overdue."""
    for one in criticals_open_at(site):
        yield HandoverItem(
            str(one.row.pk), one.row.study_id, f"Recorded {clock(one.row.opened_at)}; {_format_notifications(one)}."
        )


def _format_notifications(one: CriticalRow) -> str:
    times = len(one.notifications)
    words = f"notified {times} times" if times > 1 else "notified once"
    words = f"{words}, not read back" if times else "nobody notified"
    late = f"; overdue by {one.waiting.overdue_text} (target {one.waiting.target_text})" if one.is_overdue else ""
    return f"{words}{late}"
