"""What a signature binds, canonically written and digested, and whether it still holds.

A digest proves nothing against somebody who can rewrite every table; so each is written into the audit trail, whose
chain would have to be rewritten as well, and which is checked again here.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from webapp.foundation.accounts.models import User
from webapp.foundation.audit.codes import Code
from webapp.foundation.audit.models import AuditEvent
from webapp.imaging.archive.models import Instance, Study
from webapp.imaging.inference.models import Run, Stage
from webapp.reading.reporting.models import Report, Signature
from workers import storage

CHUNK = 1 << 20


def canonical_digest(value: object) -> str:
    """Return the sha256 of a value as JSON: keys in order, no spaces, UTF-8."""
    written = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(written.encode()).hexdigest()


def text_digest(report: Report) -> str:
    """Return the sha256 of the whole text of a report."""
    return canonical_digest(
        [
            report.kind,
            report.number,
            str(report.study_id),
            report.template,
            report.template_version,
            [[section["key"], section["title"], section["text"]] for section in report.sections],
            report.free_text,
            report.is_abnormal,
            report.statements,
            str(report.supersedes_id or ""),
        ]
    )


def compute_digests(report: Report) -> dict[str, Any]:
    """Return the digests that a signature binds.

    Returns
    -------
    dict
        "text": sha256; "images": sha256 of the stored bytes by SOP Instance UID, of every image of the study;
        "models": by run that the signer could see, {"cascade": sha256 of pathways and weights, "images": sha256 of
        what the run saw, "models": ["name version", ...]}.
    """
    return {
        "text": text_digest(report),
        "images": dict(images_of(report.study).values_list("sop_instance_uid", "sha256")),
        "models": {str(run.pk): _models(run) for run in _runs(report.study)},
    }


def digest_of(*, user: int, login: str, meaning: str, at: datetime, digests: dict[str, Any]) -> str:
    """Return the digest over user, meaning, time and all digests."""
    return canonical_digest([user, login, meaning, at.astimezone(UTC).isoformat(), digests])


def signature_create(*, report: Report, user: User, meaning: str, at: datetime) -> Signature:
    """Write the signature of a report."""
    digests = compute_digests(report)
    login = user.get_username()
    return Signature.objects.create(
        report=report,
        user=user,
        login=login,
        name=user.get_full_name() or login,
        meaning=meaning,
        at=at,
        digests=digests,
        digest=digest_of(user=user.pk, login=login, meaning=meaning, at=at, digests=digests),
    )


@dataclass(frozen=True)
class VerificationResult:
    """The result of verifying a signature: sentences about changes, and about what arrived later."""

    changed: tuple[str, ...]
    later: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing changed since it was signed."""
        return not self.changed


def signature_verify(signature: Signature) -> VerificationResult:
    """Verify a signature: recompute all digests, those of the stored bytes too, and describe every change."""
    report = signature.report
    then = signature.digests
    images = dict(images_of(report.study).values_list("sop_instance_uid", "sha256"))
    changed = [*_signature_changes(signature), *_image_changes(then["images"], images), *_model_changes(then["models"])]
    if text_digest(report) != then["text"]:
        changed.append("The text is not the one that was signed.")
    fresh = len(set(images) - set(then["images"]))
    answers = len({str(run.pk) for run in _runs(report.study)} - set(then["models"]))
    later = [
        f"{_count(fresh, 'image')} came after it was signed; it says nothing of {_them(fresh)}." if fresh else "",
        f"{_count(answers, 'answer')} of the AI came after it was signed." if answers else "",
    ]
    return VerificationResult(tuple(changed), tuple(sentence for sentence in later if sentence))


def images_of(study: Study) -> Any:
    """Return the images of a study, without those that Readroom created."""
    return Instance.objects.filter(series__study=study, has_pixels=True, series__result=None)


def _signature_changes(signature: Signature) -> Iterator[str]:
    recomputed = digest_of(
        user=signature.user_id,
        login=signature.login,
        meaning=signature.meaning,
        at=signature.at,
        digests=signature.digests,
    )
    if recomputed != signature.digest:
        yield "Who signed, what it meant, when, or the list of what was signed is not what it was."
    recorded = AuditEvent.objects.filter(
        code=Code.REPORT_SIGNED, study=signature.report.study_id, details__contains=signature.digest
    )
    if not recorded.exists():
        yield "The audit trail does not know this signature."


def _image_changes(then: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    gone = sum(uid not in now for uid in then)
    other = sum(uid in now and now[uid] != digest for uid, digest in then.items())
    damaged = sum(not _is_whole(digest) for uid, digest in then.items() if now.get(uid) == digest)
    if gone:
        yield f"{_count(gone, 'image')} that {_was(gone)} signed {_is(gone)} not here any more."
    if other:
        yield f"{_count(other, 'image')} {_is(other)} not the one that was signed."
    if damaged:
        yield f"The stored bytes of {_count(damaged, 'image')} are damaged or missing."


def _model_changes(then: dict[str, Any]) -> Iterator[str]:
    now = {str(run.pk): _models(run) for run in Run.objects.filter(pk__in=list(then)).prefetch_related("stages")}
    wrong = sum(now.get(run) != models for run, models in then.items())
    if wrong:
        yield f"{_count(wrong, 'answer')} of the AI {_is(wrong)} not by the models that were signed for."


def _runs(study: Study) -> list[Run]:
    """Return the newest finished run of each series."""
    newest: dict[object, Run] = {}
    done = Run.objects.filter(series__study=study, state=Run.State.DONE).prefetch_related("stages")
    for run in done.order_by("-created_at"):
        newest.setdefault(run.series_id, run)
    return list(newest.values())


def _models(run: Run) -> dict[str, Any]:
    executed = [stage for stage in run.stages.all() if stage.model and stage.status != Stage.Status.NOT_RUN]
    return {
        "cascade": run.cascade_digest,
        "images": run.input_digest,
        "models": sorted({f"{stage.model} {stage.version}" for stage in executed}),
    }


def _is_whole(digest: str) -> bool:
    hasher = hashlib.sha256()
    try:
        with storage.object_path(digest).open("rb") as stored:
            while part := stored.read(CHUNK):
                hasher.update(part)
    except OSError:
        return False
    return hasher.hexdigest() == digest


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _them(number: int) -> str:
    return "it" if number == 1 else "them"
