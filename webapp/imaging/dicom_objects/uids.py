"""What makes an object of a run the same object when it is made again: its UIDs, its times, no chance anywhere."""

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
#: Behind the series that scanners and readers number.
SERIES_NUMBERS = {ResultSeries.Kind.SEG: 9001, ResultSeries.Kind.SR: 9002, ResultSeries.Kind.SC: 9003}
TITLES = {
    ResultSeries.Kind.SEG: "AI outlines",
    ResultSeries.Kind.SR: "AI report",
    ResultSeries.Kind.SC: "AI pictures",
}


def derive_uid(root: UUID, *names: str | int) -> str:
    """Return a UID that is the same whenever it is asked for (PS3.5 B.2: 2.25. and a 128-bit number)."""
    return f"2.25.{uuid5(root, '/'.join(map(str, names))).int}"


def device_uid(cascade_digest: str) -> str:
    """Return the UID of the observer that is a device: one for each state of pathways and models."""
    return derive_uid(NAMESPACE_OID, "readroom", cascade_digest)


def tracking_uid(run: Run, order: int) -> str:
    """Return the UID by which segmentation and report call a finding the same thing."""
    return derive_uid(run.pk, "finding", order)


class Identified(Protocol):
    """Who an object is, whatever it was made of."""

    @property
    def at(self) -> datetime:
        """When the content came to be."""

    @property
    def arguments(self) -> dict[str, Any]:
        """What every class of highdicom takes."""

    @property
    def dimensions_uid(self) -> str:
        """Of its dimensions, where it has some."""


@dataclass(frozen=True)
class Identity:
    """Who an object is, beside its patient and study.

    Attributes
    ----------
    version
        How many times the source series has been answered, this time included.
    """

    run: Run
    kind: ResultSeries.Kind
    version: int
    number: int = 1

    @property
    def at(self) -> datetime:
        """When the run had its answer: that is when the content came to be, however late it is written down."""
        return timezone.localtime(self.run.finished_at)

    @property
    def sop_instance_uid(self) -> str:
        """Of this object."""
        return derive_uid(self.run.pk, self.kind, self.number)

    @property
    def dimensions_uid(self) -> str:
        """Of its dimensions, where it has some."""
        return derive_uid(self.run.pk, self.kind, self.number, "dimensions")

    @property
    def arguments(self) -> dict[str, Any]:
        """Return what every class of highdicom takes."""
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
    """Put what the library takes from the clock and from chance: when it was made, and the UID of its dimensions."""
    set_datetime(ds, identity.at)
    for keyword in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        for item in ds.get(keyword) or []:
            item.DimensionOrganizationUID = identity.dimensions_uid


def set_datetime(ds: Dataset, at: datetime) -> None:
    """Put when an object was made, wherever the library wrote the clock's time."""
    day, time = at.strftime("%Y%m%d"), at.strftime("%H%M%S.%f")
    for name in ("InstanceCreation", "Content", "Series"):
        setattr(ds, f"{name}Date", day)
        setattr(ds, f"{name}Time", time)
    if "DateOfSecondaryCapture" in ds:
        ds.DateOfSecondaryCapture, ds.TimeOfSecondaryCapture = day, time
    for item in ds.get("ContributingEquipmentSequence") or []:
        item.ContributionDateTime = f"{day}{time}"
