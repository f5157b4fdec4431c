"""How often, and after how long, something is tried again that leaves for another machine."""

from datetime import timedelta

#: Until the next attempt: doubled after each failure, up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
#: So many failures in a row (an hour and a half or more), and it waits for a person.
FAILURES_ALLOWED = 10


def backoff_delay(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row."""
    return min(FIRST_PAUSE * (1 << max(0, failures - 1)), LONGEST_PAUSE)
