"""QIDO-RS: what an address asks for, what matches, what is found and how it is answered (PS3.18 8.3.4 and 10.6)."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Count, Exists, Lookup, OuterRef, Q, QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpRequest, HttpResponse, QueryDict
from pydicom.datadict import dictionary_keyword, tag_for_keyword

from webapp.exchange.dicomweb import dicom_json
from webapp.exchange.dicomweb.access import study_by_uid
from webapp.exchange.dicomweb.attributes import (
    ATTRIBUTES,
    BY_KEYWORD,
    COUNTED,
    MODELS,
    ORDERS,
    PATHS,
    UID_COLUMNS,
    Attribute,
    Level,
)
from webapp.exchange.dicomweb.base import JSON, BadRequest
from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import visible_studies
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import look_record
from webapp.imaging.archive.models import Instance, Series, Study
from webapp.imaging.archive.presenters import NO_NUMBER
from webapp.reading.reviews.blinding import unblinded_series

Rows = QuerySet[Any, Any]
Row = dict[str, Any]
Sql = tuple[str, list[Any]]
if TYPE_CHECKING:
    AnyLookup = Lookup[Any]
else:
    AnyLookup = Lookup

#: Rows of one answer, whatever is asked for; a Warning says that there are more.
MOST = 5_000
FARTHEST = 2**31
ALL = "all"
PLAIN_WORDS = {"limit", "offset", "includefield", "fuzzymatching", "accept"}
MORE = '299 Readroom "There are more results than were told; ask again with an offset."'
HEADER = "index__header"


# --- What is asked for ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Search:
    """A search, once it is known to be sound.

    Attributes
    ----------
    level
        What is searched for.
    keys
        Attributes and the values that they must match.
    fixed
        Levels whose UID stands in the path.
    fields
        Keywords of further attributes to return; `everything` asks for all that are known.
    """

    level: Level
    keys: tuple[tuple[Attribute, str], ...]
    fixed: frozenset[Level]
    fields: frozenset[str]
    everything: bool
    limit: int
    offset: int
    fuzzy: bool

    @classmethod
    def from_query(cls, query: QueryDict, *, level: Level, **uids: str) -> Self:
        """Read an address: its query, and the UIDs of its path by keyword.

        Raises
        ------
        BadRequest
            If it asks for what does not exist or cannot be searched for at this level.
        """
        keys = [(BY_KEYWORD[keyword], uid) for keyword, uid in uids.items()]
        for name, values in query.lists():
            if name not in PLAIN_WORDS:
                attribute = _key(name, level)
                keys += [(attribute, value.strip()) for value in values]
        fields = [word for given in query.getlist("includefield") for word in given.split(",") if word]
        return cls(
            level=level,
            keys=tuple(keys),
            fixed=frozenset(BY_KEYWORD[keyword].level for keyword in uids),
            fields=frozenset(_keyword(word) for word in fields if word != ALL),
            everything=ALL in fields,
            limit=min(_number(query, "limit", MOST), MOST),
            offset=_number(query, "offset", 0),
            fuzzy=_yes(query.get("fuzzymatching", "false")),
        )

    @cached_property
    def returned(self) -> list[Attribute]:
        """The attributes of an answer: all of its level, and of those above that the address does not fix."""
        return [
            attribute
            for attribute in ATTRIBUTES
            if attribute.level == self.level
            or (attribute.level < self.level and (attribute.level not in self.fixed or self.everything))
            or (attribute.level < self.level and attribute.keyword in self.fields)
        ]

    @cached_property
    def needs_header(self) -> bool:
        """Whether an instance's own header must be looked into for what is to be returned."""
        return self.level == Level.INSTANCE and (self.everything or bool(self.fields - BY_KEYWORD.keys()))

    def path(self, attribute: Attribute) -> str:
        """Return the path of an attribute's column from the rows that are searched."""
        return PATHS[self.level][attribute.level] + attribute.column


def _keyword(words: str) -> str:
    """Return the keyword of an attribute that is named by keyword or by tag; BadRequest if PS3.6 has no such one."""
    if tag_for_keyword(words) is not None:
        return words
    try:
        keyword = dictionary_keyword(int(words, 16)) if len(words) == 8 else ""
    except (KeyError, ValueError):
        keyword = ""
    if not keyword:
        raise BadRequest(f"The dictionary of DICOM knows no attribute {words[:64]!r}.")
    return keyword


def _key(name: str, level: Level) -> Attribute:
    keyword = _keyword(name)
    attribute = BY_KEYWORD.get(keyword)
    if attribute is None or not attribute.is_key or attribute.level > level:
        raise BadRequest(f"{keyword} is not an attribute that is searched for here.")
    return attribute


def _number(query: QueryDict, name: str, default: int) -> int:
    words = query.get(name, "")
    if not words:
        return default
    if not words.isascii() or not words.isdecimal() or int(words) > FARTHEST:
        raise BadRequest(f"`{name}` is a whole number from 0.")
    return int(words)


def _yes(words: str) -> bool:
    if words.lower() not in {"true", "false"}:
        raise BadRequest("`fuzzymatching` is true or false.")
    return words.lower() == "true"


# --- What matches (PS3.18 8.3.4.1, PS3.4 C.2.2.2) -------------------------------------------------------------------

UIDS = re.compile(r"[,\\]")
UID = re.compile(r"[0-9.]{1,64}\Z")
TIME = re.compile(r"(\d{2})(\d{2})?(\d{2})?(\.\d{1,6})?\Z")
WILD = {"*", "?"}
LAST = "235959.999999"
#: What separates the words of a name: components, groups, and blanks within them (PS3.5 6.2.1).
WORDS = re.compile(r"[\s^=,]+")


def _condition(vr: str, path: str, value: str, *, fuzzy: bool) -> Q:
    """Return the rows whose column matches a value as the address has it; BadRequest if it cannot be one of this VR."""
    if vr == "PN":
        return _begin(path, value) if fuzzy else Q(**{f"{path}__imatches": value})
    if vr == "UI":
        return Q(**{f"{path}__in": _uids(value)})
    if vr == "DA":
        return _range(path, *(_day(word) for word in _ends(value)))
    if vr == "TM":
        return _times(path, value)
    if vr in {"IS", "US"}:
        return Q(**{path: _whole(value)})
    return Q(**{f"{path}__matches" if set(value) & WILD else path: value})


def _uids(value: str) -> list[str]:
    uids = UIDS.split(value)
    if not all(UID.match(uid) for uid in uids):
        raise BadRequest("A UID is digits and dots, 64 at most; several are separated by commas.")
    return uids


def _whole(value: str) -> int:
    try:
        number = int(value)
    except ValueError as error:
        raise BadRequest("A whole number is searched for as it is, without wildcards.") from error
    if abs(number) >= 2**31:
        raise BadRequest("A whole number has 32 bits at most.")
    return number


def _ends(value: str) -> tuple[str, str]:
    """Return both ends of a range (PS3.4 C.2.2.2.5); a value by itself is both."""
    first, dash, last = value.partition("-")
    return (first, last) if dash else (value, value)


def _range(path: str, first: date | str | None, last: date | str | None) -> Q:
    if first == last is not None:
        return Q(**{path: first})
    ends = {f"{path}__gte": first, f"{path}__lte": last}
    return Q(**{lookup: end for lookup, end in ends.items() if end is not None})


def _day(words: str) -> date | None:
    try:
        return datetime.strptime(words, "%Y%m%d").date() if words else None  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise BadRequest("A date is YYYYMMDD, a range two of them with - between, either may be absent.") from error


def _times(path: str, value: str) -> Q:
    first, last = _ends(value)
    if any(word and not TIME.match(word) for word in (first, last)):
        raise BadRequest("A time is HH, HHMM, HHMMSS or HHMMSS.FFFFFF, a range two of them with - between.")
    # Times are texts of different lengths: what begins as the last moment does is within it.
    return _range(path, first or None, last + LAST[len(last) :] if last else None) & ~Q(**{path: ""})


def _begin(path: str, value: str) -> Q:
    """Match names in which every word of the value begins some word, in any order, capitals aside (PS3.18 8.3.4.2)."""
    found = Q()
    for word in filter(None, WORDS.split(value.replace("*", " "))):
        found &= Q(
            Q(**{f"{path}__imatches": f"{word}*"}),
            *(Q(**{f"{path}__imatches": f"*{sign}{word}*"}) for sign in ("^", "=", " ", "-")),
            _connector=Q.OR,
        )
    return found


def _like(pattern: str) -> str:
    """Return a DICOM pattern as SQL's LIKE has it, with a backslash before what is meant literally."""
    escaped = pattern.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace("*", "%").replace("?", "_")


@CharField.register_lookup
class MatchesLookup(AnyLookup):
    """`*` and `?` (PS3.4 C.2.2.2.4); capitals count."""

    lookup_name, compared = "matches", "{}"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        """PostgreSQL, whose LIKE knows capitals."""
        left, parameters = self.process_lhs(compiler, connection)
        sides = [self.compared.format(side) for side in (left, "%s")]
        return rf"{sides[0]} LIKE {sides[1]} ESCAPE '\'", [*parameters, _like(str(self.rhs))]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        """SQLite, whose LIKE knows no capitals, and whose indexes serve GLOB alone."""
        left, parameters = self.process_lhs(compiler, connection)
        return f"{self.compared.format(left)} GLOB %s", [*parameters, self.glob(str(self.rhs))]

    def glob(self, pattern: str) -> str:
        """Return a DICOM pattern as GLOB has it: only an opening bracket means something else there."""
        return pattern.replace("[", "[[]")


@CharField.register_lookup
class MatchesAnyCaseLookup(MatchesLookup):
    """The same in capitals, as an index has them (SQLite: those of A to Z)."""

    lookup_name, compared = "imatches", "UPPER({})"

    def glob(self, pattern: str) -> str:
        """Return the pattern in capitals: SQLite's index serves none that it must compute."""
        return "".join(sign.upper() if sign.isascii() else sign for sign in super().glob(pattern))


# --- What is found --------------------------------------------------------------------------------------------------


def find_rows(*, user: User, search: Search) -> list[Row]:
    """Return what a user may see and a search matches.

    Parameters
    ----------
    user
        Who asks: of other sites, and of what they are blinded to, nothing is found and nothing counts.
    search
        What for.

    Returns
    -------
    list of dict
        At most `search.limit` + 1 rows, values by the paths of their columns: one more says that there are more.
    """
    series = unblinded_series(user, Series.objects.all())
    matching = _matching(user, search, series).order_by(*ORDERS[search.level])
    # The keys of the page first, which the indexes hold; joined for its rows alone.
    page = matching.values("pk")[search.offset : search.offset + search.limit + 1]
    columns = {search.path(attribute) for attribute in search.returned if attribute.column not in COUNTED}
    columns |= {path + name for level, path in PATHS[search.level].items() for name in ("pk", UID_COLUMNS[level])}
    columns |= {HEADER} if search.needs_header else set()
    found = MODELS[search.level]._default_manager.filter(pk__in=page).order_by(*ORDERS[search.level])
    rows: list[Row] = list(found.values(*columns)) if search.limit else []
    _count(rows, search, series)
    return rows


def _matching(user: User, search: Search, series: QuerySet[Series]) -> Rows:
    study = PATHS[search.level][Level.STUDY]
    rows: Rows = visible_studies(user, Study.objects.all())
    if search.level != Level.STUDY:
        mine = visible_studies(user, Study.objects.filter(pk=OuterRef(f"{study}pk")))
        rows = MODELS[search.level]._default_manager.filter(Exists(mine))
        rows = unblinded_series(user, rows, series=f"{PATHS[search.level][Level.SERIES]}pk")
    for attribute, value in search.keys:
        if not value or set(value) == {"*"}:
            continue
        if attribute.keyword == "ModalitiesInStudy":
            wanted = Q(*(Q(modality__matches=word) for word in UIDS.split(value)), _connector=Q.OR)
            rows = rows.filter(Exists(series.filter(wanted, study=OuterRef(f"{study}pk"))))
        else:
            rows = rows.filter(_condition(attribute.vr, search.path(attribute), value, fuzzy=search.fuzzy))
    return rows


def _count(rows: list[Row], search: Search, series: QuerySet[Series]) -> None:
    """Put into rows what no column holds: modalities and numbers of a study, instances of a series."""
    counted = {attribute.level for attribute in search.returned if attribute.column in COUNTED}
    paths = PATHS[search.level]
    if rows and Level.STUDY in counted:
        path = paths[Level.STUDY]
        studies = _studies_counted({row[f"{path}pk"] for row in rows}, series)
        for row in rows:
            told = studies.get(row[f"{path}pk"], {})
            row[f"{path}modalities"] = sorted(modality for modality in told if modality)
            row[f"{path}series_count"] = sum(count for count, _ in told.values())
            row[f"{path}instance_count"] = sum(count for _, count in told.values())
    if rows and Level.SERIES in counted:
        path = paths[Level.SERIES]
        instances = Instance.objects.filter(series__in={row[f"{path}pk"] for row in rows}).order_by()
        counts = dict(instances.values_list("series").annotate(Count("pk")))
        for row in rows:
            row[f"{path}instance_count"] = counts.get(row[f"{path}pk"], 0)


def _studies_counted(studies: set[UUID], series: QuerySet[Series]) -> dict[UUID, dict[str, tuple[int, int]]]:
    """Return how many series and instances of each modality studies have."""
    told: dict[UUID, dict[str, tuple[int, int]]] = {}
    grouped = series.filter(study__in=studies).values_list("study", "modality")
    for study, modality, *counts in grouped.annotate(Count("pk", distinct=True), Count("instances")):
        told.setdefault(study, {})[modality] = (counts[0], counts[1])
    return told


# --- The answer -----------------------------------------------------------------------------------------------------


def search_response(request: HttpRequest, *, user: User, level: Level, study: str, series: str) -> HttpResponse:
    """Answer a search; a study that is named and must not be known is answered as one that is not there."""
    uids = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    search = Search.from_query(request.GET, level=level, **{keyword: uid for keyword, uid in uids.items() if uid})
    look_record(Code.OBJECTS_SEARCHED, user=user, request=request, study=None)
    rows = find_rows(user=user, search=search)
    if study and not rows:
        study_by_uid(request=request, study=study)
    root = dicom_json.root_url(request)
    body = dicom_json.encode([_dataset(row, search, root) for row in rows[: search.limit]])
    response = HttpResponse(body, content_type=JSON)
    if len(rows) > search.limit:
        response.headers["Warning"] = MORE
    return response


def _dataset(row: Row, search: Search, root: str) -> dicom_json.Dataset:
    uids = [row[path + UID_COLUMNS[level]] for level, path in PATHS[search.level].items()]
    address = dicom_json.retrieve_url(root, *uids)
    told = {attribute.tag: _element(attribute, row[search.path(attribute)]) for attribute in search.returned}
    told[dicom_json.RETRIEVE] = dicom_json.element("UR", address)
    told[dicom_json.AVAILABILITY] = dicom_json.element("CS", "ONLINE")
    if not search.needs_header or row[HEADER] is None:
        return told
    tags = None if search.everything else {f"{tag_for_keyword(word):08X}" for word in search.fields}
    return dicom_json.kept_header(row[HEADER], address=address, tags=tags) | told


def _element(attribute: Attribute, value: Any) -> dicom_json.Element:
    if attribute.keyword == "PatientID" and value and value.startswith(NO_NUMBER):
        return dicom_json.element(attribute.vr)
    return dicom_json.element(attribute.vr, *(value if isinstance(value, list) else [value]))
