"""Priorities as pages show them."""

from webapp.foundation.core.formatting import Look
from webapp.reading.worklist.models import Priority

PRIORITIES: dict[Priority, Look] = {
    Priority.STAT: Look("STAT", "first", "Requested as STAT."),
    Priority.URGENT: Look("Urgent", "soon", "Requested as urgent."),
    Priority.ROUTINE: Look("Routine", "routine", "No priority requested."),
}
