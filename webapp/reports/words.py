"""A reader's own words as codes."""

import hashlib

from highdicom.sr import CodedConcept

from webapp.results.codes import LONGEST, label_code
from webapp.results.identity import OWN_SCHEME
from webapp.runs.models import Finding


def title_code(title: str, finding: Finding | None) -> CodedConcept:
    """Return what a reader calls something: the finding's code where they kept its name, else one of their word."""
    if finding is not None and title == finding.label_title:
        return label_code(finding)
    # SH, 16 characters: the same for the same word.
    return CodedConcept(f"r{hashlib.sha256(title.casefold().encode()).hexdigest()[:15]}", OWN_SCHEME, title[:LONGEST])
