"""The short way to a frame: what somebody was just given is asked for again, a hundred times a second, by any viewer.

The long way (`webapp.exchange.dicomweb.views.frames`) decides; its answer leaves a grant for one series. While the
grant lasts, a request that differs from the first in nothing but instance and frame is answered from it, once

- one query has shown that every row that the decision was made of is as it was: session or token, user, study;
- the policy has been asked again;
- the audit trail is known to hold this look.

Whatever is not exactly so goes the long way: this one refuses nobody, and never gives what the long way would not.
"""

import hashlib
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection
from django.db.models import Model, Q
from django.http import HttpRequest

from webapp.exchange.dicomweb.base import tag_of
from webapp.exchange.dicomweb.negotiation import Offer
from webapp.foundation.accounts.models import AccessToken, User
from webapp.foundation.accounts.permissions import Action, may
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.services import Look
from webapp.imaging.archive.access import current_user
from webapp.imaging.archive.frame_offsets import frame_fragments, read_fragments
from webapp.imaging.archive.models import Instance, Series, Study
from webapp.reading.reviews.blinding import is_series_blinded
from workers import storage

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
FRAME = re.compile(
    r"(/dicomweb/studies/[0-9.]{1,64}/series/[0-9.]{1,64})/instances/([0-9.]{1,64})/frames/([1-9][0-9]{0,5})\Z"
)
#: Where the long way leaves what it decided, for the lane to keep.
DECIDED = "readroom.lane"
#: How long a grant lasts, how many one process keeps, of how many instances, and of how many frames the others have.
SECONDS, GRANTS, INSTANCES, FRAMES = 60.0, 32, 2_000, 64
#: Requests with one of these are answered the long way.
SPECIAL = ("HTTP_RANGE", "HTTP_IF_NONE_MATCH", "HTTP_IF_RANGE", "HTTP_X_HTTP_METHOD_OVERRIDE")
#: What makes one client's requests alike.
ALIKE = (
    "HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_ACCEPT", "HTTP_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST",
    "HTTP_SEC_FETCH_MODE", "HTTP_ORIGIN", "wsgi.url_scheme", "SCRIPT_NAME",
)  # fmt: skip
#: Headers of an answer that belong to its frame.
OWN = {"etag", "content-type", "content-length"}


@dataclass(frozen=True)
class Decision:
    """What the long way decided, and the rows that it was decided by."""

    user: User
    study: Study
    series: UUID
    instance: UUID
    syntax: str
    form: Offer
    rows: tuple[Model, ...]
    until: float
    #: The series is one that may be veiled, with its study: that is asked each time.
    result: Series | None = None

    @property
    def is_blinded(self) -> bool:
        """Whether the series is kept from the user by now: somebody else has the study to read, or the site's rules."""
        return self.result is not None and is_series_blinded(series=self.result, user=self.user)


@dataclass(frozen=True)
class Grant:
    """What one client may have of one series."""

    decision: Decision
    #: SOPInstanceUID -> digest of the file, where its frames lie, how many there are.
    instances: dict[str, tuple[str, bytes, int]]
    headers: list[tuple[str, str]]
    content_type: str
    before: bytes
    behind: bytes
    query: str
    keys: list[Any]
    seen: tuple[Any, ...]

    @property
    def stands(self) -> bool:
        """Whether everything that the decision rests on is as it was."""
        decision = self.decision
        return (
            time.time() < decision.until
            and may(decision.user, Action.SEE, decision.study)
            and not decision.is_blinded
            and Look(Code.STUDY_VIEWED, decision.user.get_username(), decision.study.pk).is_noted
            and _rows_read(self.query, self.keys) == self.seen
        )


class Lane:
    """WSGI: answers what it has a grant for, hands everything else on."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.grants: OrderedDict[bytes, Grant] = OrderedDict()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        asked = FRAME.match(environ.get("PATH_INFO", "")) if environ["REQUEST_METHOD"] == "GET" else None
        if asked is None or environ.get("QUERY_STRING") or any(name in environ for name in SPECIAL):
            return self.app(environ, start_response)
        series, instance, number = asked.groups()
        key = hashlib.sha256(repr([series, *(environ.get(name) for name in ALIKE)]).encode()).digest()
        if answer := self._answer(key, instance, int(number) - 1):
            start_response("200 OK", answer[0])
            return [answer[1]]
        return self._long_way(environ, start_response, key)

    def _answer(self, key: bytes, instance: str, number: int) -> tuple[list[tuple[str, str]], bytes] | None:
        grant = self.grants.get(key)
        digest, packed, count = grant.instances.get(instance, ("", b"", 0)) if grant else ("", b"", 0)
        if grant is None or number >= count:
            return None
        try:
            if not grant.stands:
                self.grants.pop(key, None)
                return None
            frame = read_fragments(storage.object_path(digest), frame_fragments(packed, number))
        except (DatabaseError, OSError):
            return None
        body = b"".join((grant.before, frame, grant.behind))
        own = [
            ("ETag", tag_of("frames", digest, [number], grant.decision.form)),
            ("Content-Type", grant.content_type),
            ("Content-Length", str(len(body))),
        ]
        return grant.headers + own, body

    def _long_way(self, environ: Environ, start_response: Callable[..., Any], key: bytes) -> Iterable[bytes]:
        decided: list[Decision] = []
        environ[DECIDED] = decided

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if decided and status.startswith("200 ") and not any(name.lower() == "set-cookie" for name, _ in headers):
                with suppress(DatabaseError):  # the frame itself is here
                    self._keep(key, decided[0], [pair for pair in headers if pair[0].lower() not in OWN])
            return start_response(status, headers, *more)

        return self.app(environ, started)

    def _keep(self, key: bytes, decision: Decision, headers: list[tuple[str, str]]) -> None:
        query, keys = _rows_asked(decision.rows)
        seen = _rows_read(query, keys)
        if not all(map(_is_unchanged, decision.rows)):
            return  # while it was decided: what was seen may be younger than the decision
        form, boundary = decision.form, uuid4().hex
        before = f"--{boundary}\r\nContent-Type: {form.content_type}\r\n\r\n" if form.is_multipart else ""
        kind = f'multipart/related; type="{form.media}"; boundary={boundary}'
        self.grants[key] = Grant(
            decision=decision,
            instances=dict(_instances(decision)),
            headers=headers,
            content_type=kind if form.is_multipart else form.content_type,
            before=before.encode(),
            behind=f"\r\n--{boundary}--\r\n".encode() if form.is_multipart else b"",
            query=query,
            keys=keys,
            seen=seen,
        )
        while len(self.grants) > GRANTS:
            self.grants.popitem(last=False)


def decision_leave(request: HttpRequest, *, instance: Instance, form: Offer) -> None:
    """Leave what was decided about a frame, where a lane is there to keep it."""
    kept = request.META.get(DECIDED)
    # Without an index it was decoded just now; the next request finds the index and comes by the long way once more.
    if kept is None or not hasattr(instance, "index") or (who := _signed_in_by(request)) is None:
        return
    user, study = current_user(request), instance.series.study
    ends = who.expires_at if isinstance(who, AccessToken) else who.expire_date
    until = min(time.time() + SECONDS, ends.timestamp() if ends else math.inf)
    account = getattr(user, "_wrapped", user)  # not the lazy object that holds the whole request
    syntax = instance.index.transfer_syntax_uid
    series, rows = instance.series, (who, account, study)
    result = series if hasattr(series, "result") else None
    kept.append(Decision(account, study, series.pk, instance.pk, syntax, form, rows, until, result))


def _signed_in_by(request: HttpRequest) -> AccessToken | Session | None:
    """Return the row by which somebody is signed in; None for a password, which is checked the long way."""
    if "HTTP_AUTHORIZATION" in request.META:
        token = getattr(request, "auth", None)
        return token if isinstance(token, AccessToken) else None
    return Session.objects.filter(session_key=request.session.session_key).first()


def _instances(decision: Decision) -> Iterator[tuple[str, tuple[str, bytes, int]]]:
    """Yield where the frames of the series lie that are given in the same form."""
    few = Q(index__frame_count__range=(1, FRAMES)) | Q(pk=decision.instance)
    rows = Instance.objects.filter(few, series=decision.series).order_by()
    same = rows.filter(index__transfer_syntax_uid=decision.syntax)
    for uid, digest, packed, count in same.values_list(
        "sop_instance_uid", "sha256", "index__frames", "index__frame_count"
    )[:INSTANCES]:
        yield uid, (digest, bytes(packed), count)


def _is_unchanged(row: Model) -> bool:
    """Say whether a row is in the database as it was when it was read."""
    now = type(row)._base_manager.filter(pk=row.pk).first()
    columns = [field.attname for field in row._meta.concrete_fields]
    return now is not None and all(getattr(now, name) == getattr(row, name) for name in columns)


def _rows_asked(rows: Iterable[Model]) -> tuple[str, list[Any]]:
    """Return the question for the whole of some rows, each of its own table."""
    several = list(rows)
    tables = ", ".join(f'"{row._meta.db_table}" r{number}' for number, row in enumerate(several))
    wanted = ", ".join(f"r{number}.*" for number in range(len(several)))
    named = " AND ".join(f'r{number}."{row._meta.pk.column}" = %s' for number, row in enumerate(several))
    keys = [row._meta.pk.get_db_prep_value(row.pk, connection) for row in several]
    return f"SELECT {wanted} FROM {tables} WHERE {named}", keys  # noqa: S608 - names of our own tables


def _rows_read(query: str, keys: list[Any]) -> tuple[Any, ...]:
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute(query, keys)
        return tuple(cursor.fetchone() or ())
