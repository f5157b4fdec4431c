"""Identity of the objects of a signed report: observer, time, UIDs, and codes of a reader's own words."""

import hashlib
from datetime import datetime
from typing import Any

from django.utils import timezone
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import CodedConcept

from webapp.foundation.accounts.models import User
from webapp.imaging.dicom_objects.codes import LONGEST, label_code
from webapp.imaging.dicom_objects.models import ResultSeries
from webapp.imaging.dicom_objects.observers import Signatory
from webapp.imaging.dicom_objects.uids import MANUFACTURER, MODEL_NAME, OWN_SCHEME, derive_uid
from webapp.imaging.inference.models import Finding
from webapp.reading.reporting.models import Report

#: Behind the series of the AI (webapp.imaging.dicom_objects.uids).
SERIES_NUMBERS = {ResultSeries.Kind.SEG: 9010, ResultSeries.Kind.SR: 9011, ResultSeries.Kind.DOC: 9012}


def signatory(report: Report) -> Signatory:
    """Return the signatory of a report."""
    user, login = report.signature.user, report.signature.login
    return Signatory(person_name(user, login), login, report.study.site.name, signed_at(report))


def person_name(user: User, login: str) -> str:
    """Return a name as DICOM writes it (PS3.5 6.2.1, PN); the login as family name where there is no name.

    The caret stands there where no given name follows, too: a name without one could be any of its parts.
    """
    family, given = user.last_name, user.first_name
    return f"{family}^{given}" if family or given else f"{login}^"


def signed_at(report: Report) -> datetime:
    """Return when a report was signed, as the clocks of the site showed it."""
    return timezone.localtime(report.signature.at)


def report_identity(report: Report, kind: ResultSeries.Kind) -> dict[str, Any]:
    """Return the identifying attributes of an object of a report: the same at every build."""
    digest = report.signature.digest
    return {
        "series_instance_uid": derive_uid(report.pk, kind, "series"),
        "series_number": SERIES_NUMBERS[kind],
        "sop_instance_uid": derive_uid(report.pk, kind),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL_NAME,
        "device_serial_number": digest[:16],
        "software_versions": digest,
        "coding_schemes": [
            CodingSchemeIdentificationItem(
                OWN_SCHEME, name="Words that PS3.16 has no code for", responsible_organization=MANUFACTURER
            )
        ],
        "series_description": f"Report, version {report.number}, {report.get_kind_display().lower()}",
    }


def title_code(title: str, finding: Finding | None) -> CodedConcept:
    """Return the code of a reader's title: the finding's code where they kept its label, else one of their own word."""
    if finding is not None and title == finding.label_title:
        return label_code(finding)
    # SH, 16 characters: the same for the same word.
    return CodedConcept(f"r{hashlib.sha256(title.casefold().encode()).hexdigest()[:15]}", OWN_SCHEME, title[:LONGEST])
