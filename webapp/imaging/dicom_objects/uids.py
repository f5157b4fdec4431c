"""Deterministic UIDs and times, so that building the objects of a run again gives the same objects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import NAMESPACE_OID, UUID, uuid5

from django.utils import timezone
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.dataset import Dataset

from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.inference.models import Run

MANUFACTURER = "Readroom"
OWN_SCHEME = "99READROOM"
MODEL_NAME = "Readroom cascade"
#: Above the series numbers that scanners and readers use.
SERIES_NUMBERS = {ResultSeries.Kind.SEG: 9001, ResultSeries.Kind.SR: 9002, ResultSeries.Kind.SC: 9003}
TITLES = {
    ResultSeries.Kind.SEG: "AI outlines",
    ResultSeries.Kind.SR: "AI report",
    ResultSeries.Kind.SC: "AI pictures",
}


def derive_uid(root: UUID, *names: str | int) -> str:
    """Return a UID that depends only on its arguments (PS3.5 B.2: "2.25." and a UUID as a number)."""
    return f"2.25.{uuid5(root, '/'.join(map(str, names))).int}"


def device_uid(cascade_digest: str) -> str:
    """Return the UID of the device observer: one for each version of pathways and models."""
    return derive_uid(NAMESPACE_OID, "readroom", cascade_digest)


def tracking_uid(run: Run, order: int) -> str:
    """Return the tracking UID by which segmentation and report identify the same finding."""
    return derive_uid(run.pk, "finding", order)


class Identified(Protocol):
    """The identity of an object, whatever it is built from."""

    @property
    def at(self) -> datetime:
        """The time of the content."""

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that all highdicom object classes take."""

    @property
    def dimensions_uid(self) -> str:
        """The UID of its dimension organization, for objects that have one."""


@dataclass(frozen=True)
class Identity:
    """The identity of an object of a run: its UIDs, series, equipment and time.

    Attributes
    ----------
    version
        The number of runs of the source series that have results, including this one.
    """

    run: Run
    kind: ResultSeries.Kind
    version: int
    number: int = 1

    @property
    def at(self) -> datetime:
        """When the run finished, however much later the object is built."""
        return timezone.localtime(self.run.finished_at)

    @property
    def sop_instance_uid(self) -> str:
        """The SOPInstanceUID of this object."""
        return derive_uid(self.run.pk, self.kind, self.number)

    @property
    def dimensions_uid(self) -> str:
        """The UID of its dimension organization, for objects that have one."""
        return derive_uid(self.run.pk, self.kind, self.number, "dimensions")

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that all highdicom object classes take."""
        return {
            "series_instance_uid": derive_uid(self.run.pk, self.kind),
            "series_number": SERIES_NUMBERS[self.kind],
            "sop_instance_uid": self.sop_instance_uid,
            "instance_number": self.number,
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": MODEL_NAME,
            "device_serial_number": self.run.cascade_digest[:16],
            "software_versions": self.run.cascade_digest,
            "coding_schemes": [
                CodingSchemeIdentificationItem(
                    OWN_SCHEME, name="Labels that PS3.16 has no code for", responsible_organization=MANUFACTURER
                )
            ],
            "series_description": f"{TITLES[self.kind]}, answer {self.version}, unverified",
        }


def remove_randomness(ds: Dataset, identity: Identified) -> None:
    """Replace what highdicom takes from the clock and at random: times, and the UID of the dimension organization."""
    set_datetime(ds, identity.at)
    for keyword in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        for item in ds.get(keyword) or []:
            item.DimensionOrganizationUID = identity.dimensions_uid


def set_datetime(ds: Dataset, at: datetime) -> None:
    """Set the time of an object wherever highdicom has written the current time."""
    day, time = at.strftime("%Y%m%d"), at.strftime("%H%M%S.%f")
    for name in ("InstanceCreation", "Content", "Series"):
        setattr(ds, f"{name}Date", day)
        setattr(ds, f"{name}Time", time)
    if "DateOfSecondaryCapture" in ds:
        ds.DateOfSecondaryCapture, ds.TimeOfSecondaryCapture = day, time
    for item in ds.get("ContributingEquipmentSequence") or []:
        item.ContributionDateTime = f"{day}{time}"
