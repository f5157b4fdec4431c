"""A page of what begins in some way, on SQLite: by the index where few rows do, in their own order where many do.

Two thousand studies whose numbers begin alike are sorted in a moment, while to walk all others to find twenty-five of
them takes long; of two million that begin alike, the newest twenty-five are the first that one meets. SQLite cannot
tell the two cases apart when it chooses a plan, so both plans stand in the query, and a count that stops early lets one
of them run.
PostgreSQL keeps statistics and chooses well by itself.
"""

import re
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

from webapp.exchange.dicomweb.qido_params import Search
from webapp.foundation.core.compiled_queries import CompiledQuery, Sql, placeholder
from webapp.imaging.archive.models import Patient, Study

Rows = QuerySet[Any, Any]
#: So many that share a beginning are sorted: about ten milliseconds.
FEW = 12_000
WILD = re.compile(r"[*?]")
#: Keywords of what is indexed: the model and column, and how its beginning is asked for.
INDEXED: dict[str, tuple[type[Model], str, str]] = {
    "PatientID": (Patient, "patient_id", "begins"),
    "PatientName": (Patient, "name", "ibegins"),
    "AccessionNumber": (Study, "accession_number", "begins"),
}


def page_sql(rows: Rows, search: Search, *, study: str, limit: int) -> Sql:
    """Return the SQL for a page of keys.

    Parameters
    ----------
    rows
        All keys that match, in order.
    search
        What was asked for.
    study
        Path from the rows to their study, with what separates it from a column.
    limit
        How many.

    Raises
    ------
    django.core.exceptions.EmptyResultSet
        If it is known that nothing matches.
    """
    begins = beginning_of(search) if connection.vendor == "sqlite" else None
    if begins is None:
        return _sql(rows[search.offset : search.offset + limit])
    keyword, start = begins
    model, column, lookup = INDEXED[keyword]
    path = f"{study}{'patient__' if model is Patient else ''}{column}"
    by_index, walked = _sql(rows.filter(**{f"{path}__{lookup}": start})), _sql(rows)
    counted = _counted(keyword).sql(start=start)
    are_few = f"(SELECT COUNT(*) FROM ({counted[0]} LIMIT {FEW + 1})) <= {FEW}"  # noqa: S608 - all of it made here
    sql = " UNION ALL ".join(
        f"SELECT * FROM ({words} LIMIT CASE WHEN {are_few} THEN {first} ELSE {second} END OFFSET {search.offset})"  # noqa: S608
        for words, first, second in ((by_index[0], limit, 0), (walked[0], 0, limit))
    )
    return sql, [*by_index[1], *counted[1], *walked[1], *counted[1]]


def beginning_of(search: Search) -> tuple[str, str] | None:
    """Return the keyword of an indexed attribute of which a beginning is searched for, and the beginning."""
    for attribute, value in search.keys:
        start = WILD.split(value, maxsplit=1)[0]
        # A name is compared whatever its capitals, and so never simply equal.
        is_range = start != value or (attribute.keyword == "PatientName" and not search.fuzzy)
        if start and is_range and attribute.keyword in INDEXED and not (search.fuzzy and attribute.vr == "PN"):
            return attribute.keyword, start
    return None


@cache
def _counted(keyword: str) -> CompiledQuery:
    model, column, lookup = INDEXED[keyword]
    rows = model._default_manager.filter(**{f"{column}__{lookup}": placeholder("start")})
    return CompiledQuery(rows.order_by().values_list("pk"))


def _sql(rows: Rows) -> Sql:
    return rows.query.sql_with_params()
