"""Weeks from Monday to Monday, and the column that says in which of them a run ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, IntegerField, Q, Value, When
from django.utils.timezone import localtime

WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Weeks:
    """So many whole weeks from a Monday on; the last of them may still be running."""

    start: datetime
    count: int

    @property
    def end(self) -> datetime:
        """The Monday after the last week."""
        return self.start + self.count * WEEK

    @property
    def mondays(self) -> list[datetime]:
        """The start of each week."""
        return [self.start + number * WEEK for number in range(self.count)]

    @property
    def words(self) -> list[str]:
        """Each week by its Monday, as an axis names it."""
        return [f"{monday.day} {monday:%b}" for monday in self.mondays]

    def holds(self, field: str) -> Q:
        """Return the condition that a moment lies in these weeks."""
        return Q(**{f"{field}__gte": self.start, f"{field}__lt": self.end})

    def number_of(self, field: str) -> Case:
        """Return the column with the number of the week, from 0.

        A chain of comparisons, not a date function: SQLite would call Python for every row.
        """
        later = [When(**{f"{field}__lt": monday}, then=Value(number)) for number, monday in enumerate(self.mondays[1:])]
        return Case(*later, default=Value(self.count - 1), output_field=IntegerField())


def monday_of(moment: datetime) -> datetime:
    """Return the start of the week in which a moment lies, in the house's time zone."""
    local = localtime(moment)
    return (local - timedelta(days=local.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


def weeks_until(now: datetime, *, count: int) -> Weeks:
    """Return the last `count` weeks, the present one among them."""
    return Weeks(monday_of(now) - (count - 1) * WEEK, count)
