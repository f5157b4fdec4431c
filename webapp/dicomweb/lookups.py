"""`*` and `?` in the database (PS3.4 C.2.2.2.4), and words joined by it."""

import re
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, CharField, Lookup
from django.db.models.sql.compiler import SQLCompiler

#: Share of rows beyond one end of a beginning of so many characters: a guess for SQLite's planner, no more.
RARE, RARE_FROM = 0.001, 4


def like(pattern: str) -> str:
    """Return a DICOM pattern as SQL's LIKE has it, with a backslash before what is meant literally."""
    escaped = pattern.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace("*", "%").replace("?", "_")


def glob(pattern: str) -> str:
    """Return a DICOM pattern as SQLite's GLOB has it: only an opening bracket means something else there."""
    return pattern.replace("[", "[[]")


if TYPE_CHECKING:
    AnyLookup = Lookup[Any]
else:
    AnyLookup = Lookup


class _Pattern(AnyLookup):
    def _sides(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, pattern: str) -> tuple[str, list[Any]]:
        left, parameters = self.process_lhs(compiler, connection)
        return left, [*parameters, pattern]


@CharField.register_lookup
class MatchesLookup(_Pattern):
    """Capitals count."""

    lookup_name = "matches"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """PostgreSQL, and what else knows LIKE with capitals."""
        left, parameters = self._sides(compiler, connection, like(str(self.rhs)))
        return rf"{left} LIKE %s ESCAPE '\'", parameters

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """SQLite, whose LIKE knows no capitals."""
        left, parameters = self._sides(compiler, connection, glob(str(self.rhs)))
        return f"{left} GLOB %s", parameters


@CharField.register_lookup
class MatchesAnyCaseLookup(_Pattern):
    """Capitals do not count (SQLite: those of A to Z)."""

    lookup_name = "imatches"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """Compare in capitals."""
        left, parameters = self._sides(compiler, connection, like(str(self.rhs)))
        return rf"UPPER({left}) LIKE UPPER(%s) ESCAPE '\'", parameters

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """SQLite finds how a text begins by an index only where it is asked for as a range."""
        compared, parameters = self.as_sql(compiler, connection)
        start = re.split(r"[*?]", str(self.rhs), maxsplit=1)[0]
        if not start:
            return compared, parameters
        left, own = self.process_lhs(compiler, connection)
        ends = (f"UPPER({left}) >= UPPER(%s)", f"UPPER({left}) <= UPPER(%s) || char(1114111)")
        # It has no idea how rare a beginning is, and would walk all studies in their order instead.
        between = " AND ".join(f"likelihood({end}, {RARE})" if len(start) >= RARE_FROM else end for end in ends)
        return f"({between} AND {compared})", [*own, start, *own, start, *parameters]


class Joined(Aggregate):
    """Different values of a column, in one text with commas between."""

    function = "STRING_AGG"
    template = "%(function)s(DISTINCT %(expressions)s, ',')"
    output_field = CharField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        """SQLite joins different values by commas unasked."""
        return self.as_sql(compiler, connection, template="GROUP_CONCAT(DISTINCT %(expressions)s)", **extra)
