"""Each kind of resource: whose rows it is made of, how it is told, by what it is searched."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from fhir.resources.R4B.resource import Resource

from webapp.exchange.fhir.datatypes import DICOM_UID
from webapp.exchange.fhir.diagnostic_report import device_id, device_resource, finding_resource, report_resource
from webapp.exchange.fhir.imaging_study import imaging_resource
from webapp.exchange.fhir.patients import number_system, patient_resource
from webapp.exchange.fhir.signed_report import signed_resource
from webapp.foundation.accounts.models import User
from webapp.foundation.accounts.permissions import visible_studies
from webapp.imaging.archive.blinding import blinded_studies
from webapp.imaging.archive.models import Instance, Patient, Series, Study
from webapp.imaging.inference.models import Finding, Run, Stage
from webapp.reading.reporting.models import Report
from webapp.reading.reviews.blinding import unblinded_series

Rows = QuerySet[Any, Any]


class NotUnderstoodError(ValueError):
    """A search parameter's value makes no sense; the message is told to the client."""


@dataclass(frozen=True)
class Kind:
    """One kind of resource.

    Attributes
    ----------
    rows
        All rows that a user may know of, in a steady order.
    told
        A row, and our own address, as a resource.
    study
        The study whose look is written down when a resource is read; None for those that belong to none.
    searched
        Search parameters: FHIR's type of each and how it narrows the rows.
    besides
        Other rows that are told as the same kind of resource, behind these; searched by the same parameters.
    """

    name: str
    rows: Callable[[User], Rows]
    told: Callable[[Any, str], Resource]
    study: Callable[[Any], UUID | None]
    searched: dict[str, tuple[str, Callable[[Rows, str], Rows]]]
    besides: "Kind | None" = None

    @property
    def sources(self) -> "list[Kind]":
        """Return all kinds of rows that this one is made of."""
        return [self, *([self.besides] if self.besides else [])]


def _studies(user: User) -> Rows:
    objects = Prefetch("series__instances", Instance.objects.order_by("instance_number", "sop_instance_uid"))
    series = Prefetch("series", unblinded_series(user, Series.objects.all()))
    return _own(user).select_related("patient").prefetch_related(series, objects).order_by("-arrived_at", "pk")


def _own(user: User) -> Rows:
    """Return the studies that a user may see and that are somebody's by a header."""
    return visible_studies(user, Study.objects.filter(patient__isnull=False))


def _answered(user: User) -> Rows:
    """Return the studies of whose answers and reports a user may know."""
    return _own(user).exclude(pk__in=blinded_studies(user).values("pk"))


def _patients(user: User) -> Rows:
    return Patient.objects.filter(studies__in=visible_studies(user, Study.objects.all())).distinct().order_by("pk")


def _runs(user: User) -> Rows:
    """Return the runs whose answers a user may know of: what is blinded has no report yet."""
    own = Run.objects.filter(series__study__in=_answered(user))
    return own.select_related("series__study").prefetch_related("findings").order_by("-created_at", "pk")


def _signed(user: User) -> Rows:
    """Return the newest signed version of each study's report."""
    newer = Report.objects.filter(supersedes=OuterRef("pk"), state=Report.State.SIGNED)
    signed = Report.objects.filter(~Exists(newer), study__in=_answered(user), state=Report.State.SIGNED)
    return signed.select_related("study", "signature").order_by("-signature__at", "pk")


def _findings(user: User) -> Rows:
    own = Finding.objects.filter(run__in=_runs(user).order_by())
    return own.select_related("run__series__study").prefetch_related("run__stages").order_by("-pk")


def _devices(_user: User) -> Rows:
    return Stage.objects.exclude(model="").order_by("model", "version").values("model", "version").distinct()


def _ids(field: str = "pk", *, read: Callable[[str], object] = UUID) -> Callable[[Rows, str], Rows]:
    """Return a narrowing by id: what is no id of ours matches nothing."""

    def narrow(rows: Rows, value: str) -> Rows:
        try:
            return rows.filter(**{f"{field}__in": [read(one) for one in value.split(",")]})
        except (ValueError, OverflowError):
            return rows.none()

    return narrow


def _pointing(kind: str, field: str, *, read: Callable[[str], object]) -> Callable[[Rows, str], Rows]:
    """Return a narrowing by a reference: Kind/id or the id alone."""
    narrow = _ids(field, read=read)
    return lambda rows, value: narrow(rows, ",".join(one.removeprefix(f"{kind}/") for one in value.split(",")))


def _token(value: str) -> tuple[str | None, str]:
    """Return system and value of a token; None where no system is asked for."""
    system, bar, rest = value.rpartition("|")
    return (system if bar else None), rest


def _study_identifier(rows: Rows, value: str) -> Rows:
    system, word = _token(value)
    uid = Q(study_instance_uid=word.removeprefix("urn:oid:"))
    number = Q(accession_number=word)
    if not word:
        raise NotUnderstoodError("identifier must name a value: a Study Instance UID or an accession number.")
    return rows.filter({None: uid | number, "": number, DICOM_UID: uid}.get(system, Q(pk__in=[])))


def _patient_identifier(rows: Rows, value: str) -> Rows:
    system, word = _token(value)
    sites = [patient for patient in rows.filter(patient_id=word) if system in {None, number_system(patient.site_id)}]
    return rows.filter(pk__in=[patient.pk for patient in sites])


def _device(rows: Rows, value: str) -> Rows:
    wanted = value.split(",")
    match = Q(pk__in=[])
    for row in rows:
        if device_id(row["model"], row["version"]) in wanted:
            match |= Q(model=row["model"], version=row["version"])
    return rows.filter(match)


def _number(word: str) -> int:
    number = int(word) if word.isascii() and word.isdigit() else -1
    if not 0 <= number < 1 << 62:
        raise ValueError(word)
    return number


def _by_identifier(rows: Rows, value: str) -> Rows:
    return _ids()(rows, _token(value)[1].removeprefix("urn:uuid:"))


#: What a person signed, beside what the AI says.
SIGNED = Kind(
    "DiagnosticReport",
    _signed,
    lambda row, root: signed_resource(row, root=root),
    lambda row: UUID(str(row.study_id)),
    {
        "_id": ("token", _ids("study_id")),
        "identifier": ("token", _by_identifier),
        "patient": ("reference", _pointing("Patient", "study__patient_id", read=_number)),
        "imaging-study": ("reference", _pointing("ImagingStudy", "study_id", read=UUID)),
    },
)

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "ImagingStudy",
            _studies,
            lambda row, root: imaging_resource(row, root=root),
            lambda row: UUID(str(row.pk)),
            {
                "_id": ("token", _ids()),
                "identifier": ("token", _study_identifier),
                "patient": ("reference", _pointing("Patient", "patient_id", read=_number)),
            },
        ),
        Kind(
            "DiagnosticReport",
            _runs,
            lambda row, _root: report_resource(row),
            lambda row: UUID(str(row.series.study_id)),
            {
                "_id": ("token", _ids()),
                "identifier": ("token", _by_identifier),
                "patient": ("reference", _pointing("Patient", "series__study__patient_id", read=_number)),
                "imaging-study": ("reference", _pointing("ImagingStudy", "series__study_id", read=UUID)),
            },
            besides=SIGNED,
        ),
        Kind(
            "Observation",
            _findings,
            lambda row, _root: finding_resource(row),
            lambda row: UUID(str(row.run.series.study_id)),
            {
                "_id": ("token", _ids(read=_number)),
                "patient": ("reference", _pointing("Patient", "run__series__study__patient_id", read=_number)),
                "derived-from": ("reference", _pointing("ImagingStudy", "run__series__study_id", read=UUID)),
            },
        ),
        Kind(
            "Patient",
            _patients,
            lambda row, _root: patient_resource(row),
            lambda _row: None,
            {"_id": ("token", _ids(read=_number)), "identifier": ("token", _patient_identifier)},
        ),
        Kind(
            "Device",
            _devices,
            lambda row, _root: device_resource(row),
            lambda _row: None,
            {
                "_id": ("token", _device),
                "device-name": ("string", lambda rows, value: rows.filter(model__istartswith=value)),
            },
        ),
    )
}
