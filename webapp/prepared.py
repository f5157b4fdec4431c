"""Queries that are built once and asked often: the ORM takes longer to build one than the database to answer it."""

from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet


class Prepared:
    """A query of values with a gap (`MARK`, as RawSQL) for SQL that is made anew each time."""

    MARK: Final = "THE_GAP"

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        """Build the query.

        Parameters
        ----------
        rows
            Made by `values_list`; its one gap stands behind all of its own parameters.
        """
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        self._before, gap, self._behind = sql.partition(self.MARK)
        if not gap or "%s" in self._behind:
            raise ValueError("The query has no gap behind its own parameters.")
        self._parameters = list(parameters)
        self._converters = compiler.get_converters([expression for expression, *_ in compiler.select])

    def rows(self, sql: str, parameters: Any) -> list[tuple[Any, ...]]:
        """Return the rows of the query with this in its gap: one query."""
        with connection.cursor() as cursor:
            cursor.execute(f"{self._before}{sql}{self._behind}", [*self._parameters, *parameters])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return [self._converted(row) for row in found] if self._converters else found

    def _converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for column, (converters, expression) in self._converters.items():
            for converter in converters:
                values[column] = converter(values[column], expression, connection)
        return tuple(values)
