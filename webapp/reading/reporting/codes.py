"""A reader's own words as codes."""

import hashlib

from highdicom.sr import CodedConcept

from webapp.imaging.dicom_objects.codes import LONGEST, label_code
from webapp.imaging.dicom_objects.uids import OWN_SCHEME
from webapp.imaging.inference.models import Finding


def title_code(title: str, finding: Finding | None) -> CodedConcept:
    """Return what a reader calls something: the finding's code where they kept its name, else one of their word."""
    if finding is not None and title == finding.label_title:
        return label_code(finding)
    # SH, 16 characters: the same for the same word.
    return CodedConcept(f"r{hashlib.sha256(title.casefold().encode()).hexdigest()[:15]}", OWN_SCHEME, title[:LONGEST])
