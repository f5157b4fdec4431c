"""The observers of a structured report: always the device, and the signatory once a person has signed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from highdicom.sr import (
    DeviceObserverIdentifyingAttributes,
    ObservationContext,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
)
from pydicom.sr.codedict import codes

from webapp.imaging.dicom_objects.uids import MANUFACTURER, MODEL_NAME, device_uid
from webapp.imaging.inference.models import Run


@dataclass(frozen=True)
class Signatory:
    """The person who signed a report.

    Attributes
    ----------
    name
        As a DICOM person name (PS3.5 6.2.1, VR PN), such as "Moreau^Claire^^Dr".
    login, organisation
        Their user name, and the organisation they read for.
    at
        When they signed.
    """

    name: str
    login: str
    organisation: str
    at: datetime


@dataclass(frozen=True)
class Authorship:
    """The observers and status flags of a report; without a person, it is partial, preliminary and unverified."""

    person: Signatory | None = None

    def observers(self, run: Run) -> ObservationContext:
        """Return the observation context (PS3.16 TID 1001): the person, if there is one, and the device."""
        person = person_observer(self.person) if self.person else None
        return ObservationContext(observer_person_context=person, observer_device_context=_device(run))

    @property
    def flags(self) -> dict[str, Any]:
        """Completion, preliminary and verification flags (PS3.3 C.17.2), as arguments of highdicom's SR classes."""
        if self.person is None:
            return {"is_complete": False, "is_final": False, "is_verified": False}
        return {
            "is_complete": True,
            "is_final": True,
            "is_verified": True,
            "verifying_observer_name": self.person.name,
            "verifying_organization": self.person.organisation,
        }


def _device(run: Run) -> ObserverContext:
    return ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=device_uid(run.cascade_digest),
            name=MANUFACTURER,
            manufacturer_name=MANUFACTURER,
            model_name=MODEL_NAME,
            serial_number=run.cascade_digest[:16],
        ),
    )


def person_observer(person: Signatory) -> ObserverContext:
    """Return the observer context of a person (PS3.16 TID 1003)."""
    return ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=PersonObserverIdentifyingAttributes(
            name=person.name, login_name=person.login, organization_name=person.organisation
        ),
    )
