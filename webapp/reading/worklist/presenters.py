"""Priorities as pages show them."""

from webapp.foundation.core.formatting import Look
from webapp.reading.worklist.models import Priority

PRIORITIES: dict[Priority, Look] = {
    Priority.STAT: Look("STAT", "first", "A person asked for this now."),
    Priority.URGENT: Look("Urgent", "soon", "A person asked for this soon."),
    Priority.ROUTINE: Look("Routine", "routine", "Nobody asked for this sooner."),
}
