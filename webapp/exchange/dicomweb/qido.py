"""Searching for studies, series and instances: one query, whatever the size of the page (PS3.18 10.6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Count, Expression, F, Model, OuterRef, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from webapp.exchange.dicomweb.attributes import ATTRIBUTES, Attribute, Level
from webapp.exchange.dicomweb.lookups import Among, Joined
from webapp.exchange.dicomweb.matching import condition
from webapp.exchange.dicomweb.qido_params import Search
from webapp.exchange.dicomweb.sqlite_prefix_paging import page_sql
from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import visible_studies
from webapp.foundation.core.compiled_queries import CompiledQuery, page_placeholder
from webapp.imaging.archive.models import Instance, Series, Study
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.reading.reviews.blinding import any_site_reads_first, blinded_results, is_reader

Rows = QuerySet[Any, Any]
#: The series that are kept from who asks; None where there can be none.
Veiled = QuerySet[ResultSeries] | None
#: By level of the rows: the path from them to a row of each level above.
PATHS = {
    Level.STUDY: {Level.STUDY: ""},
    Level.SERIES: {Level.STUDY: "study__", Level.SERIES: ""},
    Level.INSTANCE: {Level.STUDY: "series__study__", Level.SERIES: "series__", Level.INSTANCE: ""},
}
MODELS: dict[Level, type[Model]] = {Level.STUDY: Study, Level.SERIES: Series, Level.INSTANCE: Instance}
UID_COLUMNS = {
    Level.STUDY: "study_instance_uid",
    Level.SERIES: "series_instance_uid",
    Level.INSTANCE: "sop_instance_uid",
}
#: The newest arrivals first; what arrived together stays in its own order.
ORDERS: dict[Level, tuple[str | Expression | F, ...]] = {
    Level.STUDY: ("-arrived_at", "pk"),
    Level.SERIES: ("-study__arrived_at", "study", F("series_number").asc(nulls_last=True), "pk"),
    Level.INSTANCE: (
        "-series__study__arrived_at",
        "series__study",
        F("series__series_number").asc(nulls_last=True),
        "series",
        F("position").asc(nulls_last=True),
        F("instance_number").asc(nulls_last=True),
        "sop_instance_uid",
    ),
}


@dataclass(frozen=True)
class Found:
    """A page of rows: attributes and their values, the UIDs of study, series and instance, and the kept header."""

    attributes: tuple[Attribute, ...]
    rows: list[tuple[tuple[Any, ...], tuple[str, ...], bytes | None]]
    has_more: bool


def find_objects(*, user: User, search: Search) -> Found:
    """Return what a user may see and a search matches.

    Parameters
    ----------
    user
        Who asks.
    search
        What for.

    Returns
    -------
    Found
        At most `search.limit` rows, and whether there are more behind them.
    """
    attributes, with_header, reads = returned_attributes(search), headers_wanted(search), is_reader(user)

    def asked(veiled: Veiled) -> list[tuple[Any, ...]]:
        return _rows(user, search, _answer(search.level, attributes, with_header, veiled), veiled)

    veiled = blinded_results(user) if reads and HOUSE.reads_first else None
    rows = asked(veiled)
    # Not asked of HOUSE again: another thread, whose answer is from before, may have written there meanwhile.
    reads_first = bool(rows) and rows[0][-1]
    if rows:
        HOUSE.reads_first = reads_first
    if reads and veiled is None and reads_first:
        rows = asked(blinded_results(user))
    many, few = len(attributes), len(PATHS[search.level])
    told = [
        (row[:many], row[many : many + few], row[many + few] if with_header else None) for row in rows[: search.limit]
    ]
    return Found(attributes, told, has_more=len(rows) > search.limit)


@dataclass
class _House:
    """Whether any site read first when somebody searched last.

    A search is built for what the last one found, finds out anew, and is asked again where that changed: so nothing
    that is veiled is told, and no search but one pays for it.
    """

    reads_first: bool = False


HOUSE = _House()


def _rows(user: User, search: Search, answer: CompiledQuery, veiled: Veiled) -> list[tuple[Any, ...]]:
    """Return the rows of a page and one behind it; in each the last column says whether any site reads first."""
    try:
        keys = _matching(user, search, veiled).order_by(*ORDERS[search.level]).values("pk")
        # Counted and joined for the rows of the page alone, not for all that match.
        page = page_sql(keys, search, study=PATHS[search.level][Level.STUDY], limit=search.limit + 1)
        return answer.rows(page) if search.limit else []
    except EmptyResultSet:  # somebody without a site
        return []


def _answer(level: Level, attributes: tuple[Attribute, ...], with_header: bool, veiled: Veiled) -> CompiledQuery:  # noqa: FBT001
    """Return the query for what is told of a page of rows, whose keys are put in: only they differ between searches.

    Built anew for who has something veiled from them, which is neither counted nor named.
    """
    if veiled is None:
        return _answer_of_all(level, attributes, with_header)
    return _built(level, attributes, with_header, veiled)


@cache
def _answer_of_all(level: Level, attributes: tuple[Attribute, ...], with_header: bool) -> CompiledQuery:  # noqa: FBT001
    return _built(level, attributes, with_header, None)


def _built(level: Level, attributes: tuple[Attribute, ...], with_header: bool, veiled: Veiled) -> CompiledQuery:  # noqa: FBT001
    columns = [_path(level, attribute) for attribute in attributes]
    uids = [PATHS[level][each] + UID_COLUMNS[each] for each in PATHS[level]]
    header = ["index__header"] if with_header else []
    rows = MODELS[level]._default_manager.filter(pk__in=page_placeholder())
    rows = rows.annotate(**_worked_out(level, attributes, veiled), read_first=any_site_reads_first())
    return CompiledQuery(rows.order_by(*ORDERS[level]).values_list(*columns, *uids, *header, "read_first"))


def returned_attributes(search: Search) -> tuple[Attribute, ...]:
    """Return the attributes of an answer: all of its level, and of those above that the address does not fix."""
    return tuple(
        attribute
        for attribute in ATTRIBUTES
        if attribute.level == search.level
        or (attribute.level < search.level and (attribute.level not in search.fixed or search.everything))
        or (attribute.level < search.level and attribute.keyword in search.fields)
    )


def headers_wanted(search: Search) -> bool:
    """Say whether an instance's own header must be looked into for what is to be told."""
    known = {attribute.keyword for attribute in ATTRIBUTES}
    return search.level == Level.INSTANCE and (search.everything or bool(search.fields - known))


def _matching(user: User, search: Search, veiled: Veiled) -> Rows:
    level = search.level
    study = PATHS[level][Level.STUDY]
    visible = visible_studies(user, Study.objects.all())
    rows: Rows = visible
    if level != Level.STUDY:
        keys = visible.order_by().values("pk").query.sql_with_params()
        rows = MODELS[level]._default_manager.filter(Among(f"{study}pk", keys))
        rows = _shown(rows, f"{PATHS[level][Level.SERIES]}pk", veiled)
    series = _shown(Series.objects.all(), "pk", veiled)
    for attribute, value in search.keys:
        path = PATHS[level][attribute.level] + attribute.column
        matches = condition(attribute, value, path=path, study=f"{study}pk", fuzzy=search.fuzzy, series=series)
        rows = rows.filter(matches)
    return rows


def _shown(rows: Rows, series: str, veiled: Veiled) -> Rows:
    """Leave out what belongs to veiled series; `series` is the path to a row's."""
    return rows if veiled is None else rows.exclude(**{f"{series}__in": veiled.values("series")})


def _path(level: Level, attribute: Attribute) -> str:
    """Return where a value stands in the answer's row: in a column, or under a name of its own."""
    name = _name(attribute)
    return name if attribute.column in WORKED_OUT else PATHS[level][attribute.level] + attribute.column


def _name(attribute: Attribute) -> str:
    return f"told_{attribute.level.name.lower()}_{attribute.column}"


WORKED_OUT = {"modalities", "series_count", "instance_count"}


def _worked_out(level: Level, attributes: Iterable[Attribute], veiled: Veiled) -> dict[str, Combinable]:
    return {
        _name(attribute): _expression(attribute, PATHS[level][attribute.level] + "pk", veiled)
        for attribute in attributes
        if attribute.column in WORKED_OUT
    }


def _expression(attribute: Attribute, row: str, veiled: Veiled) -> Combinable:
    series = _shown(Series.objects.all(), "pk", veiled)
    if attribute.column == "modalities":
        series = series.filter(study=OuterRef(row)).exclude(modality="")
        return Subquery(_grouped(series, "study").annotate(told=Joined("modality")).values("told"))
    if attribute.column == "series_count":
        counted = _grouped(series.filter(study=OuterRef(row)), "study")
    else:
        by = "series__study" if attribute.level == Level.STUDY else "series"
        counted = _grouped(_shown(Instance.objects.filter(**{by: OuterRef(row)}), "series", veiled), by)
    return Coalesce(Subquery(counted.annotate(told=Count("pk")).values("told")), 0)


def _grouped(rows: Rows, by: str) -> Rows:
    return rows.order_by().values(by)
