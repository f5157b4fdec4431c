"""Labels are coded with what the standard lists, or with our own codes: none is invented."""

from typing import Any

from pydicom.sr._concepts_dict import concepts

from ml.cascade.pathways.declaration import Label
from ml.cascade.summary import cascade_of
from workers import configuration


def listed(scheme: str) -> dict[str, set[str]]:
    """Return the codes of a scheme in PS3.16 with their meanings."""
    found: dict[str, set[str]] = {}
    words: dict[str, Any] = dict(concepts[scheme])
    for word in words.values():
        for code, (meaning, _) in word.items():
            found.setdefault(code, set()).add(meaning)
    return found


def test_every_label_has_a_code_of_the_standard_or_ours() -> None:
    labels: list[Label] = [
        label
        for question in cascade_of(configuration.weights_folder()).questions.values()
        for label in question.values()
    ]
    known = {scheme: listed(scheme) for scheme in ("SCT", "DCM")}
    for label in labels:
        if label.scheme != "99READROOM":
            assert label.code in known[label.scheme], label.title
            assert not label.meaning or label.meaning in known[label.scheme][label.code]
    findings = [label for label in labels if label.sentence]
    assert len(findings) >= 5
    assert len({(label.code, label.scheme) for label in findings}) == len(findings)
