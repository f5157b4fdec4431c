"""`*` and `?` in the database (PS3.4 C.2.2.2.4), and words joined by it."""

from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, BooleanField, CharField, F, Func, Lookup
from django.db.models.sql.compiler import SQLCompiler

from webapp.foundation.core.compiled_queries import Sql

#: What SQLite's planner, which cannot guess how many rows share a beginning, is told of each end of one.
RARE = 0.001


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
        """SQLite, whose LIKE knows no capitals; the sign keeps it from an index (see `beginnings`)."""
        left, parameters = self._sides(compiler, connection, glob(str(self.rhs)))
        return f"+{left} GLOB %s", parameters


@CharField.register_lookup
class MatchesAnyCaseLookup(_Pattern):
    """Capitals do not count (SQLite: those of A to Z)."""

    lookup_name = "imatches"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """Compare in capitals."""
        left, parameters = self._sides(compiler, connection, like(str(self.rhs)))
        return rf"UPPER({left}) LIKE UPPER(%s) ESCAPE '\'", parameters


class _Begins(_Pattern):
    """SQLite finds how a text begins by an index only where it is asked for as a range, and told that it is rare."""

    column = "{}"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """For SQLite alone: elsewhere there are statistics."""
        left, parameters = self.process_lhs(compiler, connection)
        words, start = self.process_rhs(compiler, connection)
        compared, words = self.column.format(left), self.column.format(words)
        ends = (f"{compared} >= {words}", f"{compared} <= {words} || char(1114111)")
        return " AND ".join(f"likelihood({end}, {RARE})" for end in ends), [*parameters, *start] * 2


@CharField.register_lookup
class BeginsLookup(_Begins):
    """How a text begins."""

    lookup_name = "begins"


@CharField.register_lookup
class BeginsAnyCaseLookup(_Begins):
    """The same, whatever its capitals."""

    lookup_name, column = "ibegins", "UPPER({})"


class Joined(Aggregate):
    """Different values of a column, in one text with commas between."""

    function = "STRING_AGG"
    template = "%(function)s(DISTINCT %(expressions)s, ',')"
    output_field = CharField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        """SQLite joins different values by commas unasked."""
        return self.as_sql(compiler, connection, template="GROUP_CONCAT(DISTINCT %(expressions)s)", **extra)


class Among(Func):
    """Whether a key is one of those that SQL of its own finds: `Exists`, built in a third of the time."""

    output_field = BooleanField()

    def __init__(self, path: str, keys: Sql) -> None:
        super().__init__(F(path))
        self.keys = keys

    def as_sql(self, compiler: SQLCompiler, *_: Any, **__: Any) -> Any:
        """Ask of each row: a list of all keys would be made anew for every question."""
        column, parameters = compiler.compile(self.source_expressions[0])
        sql, own = self.keys
        return f"EXISTS(SELECT 1 FROM ({sql}) keys WHERE keys.pk = {column})", [*own, *parameters]  # noqa: S608
