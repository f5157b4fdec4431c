"""Queries that are built once and asked often: the ORM takes longer to build one than the database to answer it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

Sql = tuple[str, Sequence[Any]]


@dataclass(frozen=True)
class _Gap:
    """Stands among the parameters for a value that is not known yet."""

    name: str


def placeholder(name: str) -> RawSQL:
    """Return what stands in a query for a value that is given each time the query is asked."""
    return RawSQL("%s", [_Gap(name)])


def page_placeholder() -> RawSQL:
    """Return what stands in a query for SQL of its own, a page of keys, that is made each time."""
    return RawSQL(CompiledQuery.MARK, [])  # noqa: S611 - a word of ours


class CompiledQuery:
    """A query of values, with gaps."""

    MARK: Final = "THE_PAGE"

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        """Build the query.

        Parameters
        ----------
        rows
            Made by `values_list`, with any number of `placeholder`; of `page_placeholder` one, behind all other
            parameters, or none.
        """
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        self._before, mark, self._behind = sql.partition(self.MARK)
        if mark and "%s" in self._behind:
            raise ValueError("A page of keys must stand behind all parameters.")
        self._parameters = tuple(parameters)
        self._converters = compiler.get_converters([expression for expression, *_ in compiler.select])

    def rows(self, page: Sql = ("", ()), **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of the query with this in its gaps: one query."""
        with connection.cursor() as cursor:
            cursor.execute(*self.sql(page, **values))
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return [self._converted(row) for row in found] if self._converters else found

    def sql(self, page: Sql = ("", ()), **values: Any) -> Sql:
        """Return the query with this in its gaps, to stand in another one."""
        given = [values[one.name] if isinstance(one, _Gap) else one for one in self._parameters]
        return f"{self._before}{page[0]}{self._behind}", [*given, *page[1]]

    def _converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for column, (converters, expression) in self._converters.items():
            for converter in converters:
                values[column] = converter(values[column], expression, connection)
        return tuple(values)
