"""Coded concepts: a code is kept if a public dictionary contains it, with the dictionary's meaning."""

from collections.abc import Mapping
from functools import cache
from typing import cast

from pydicom.dataset import Dataset
from pydicom.sr._concepts_dict import concepts
from pydicom.sr._snomed_dict import mapping

from ml.deid.words import DUMMY

#: The elements of a coded concept (PS3.3 8.8): written anew, never copied.
CODE_ELEMENTS = frozenset(
    {
        "CodeValue",
        "LongCodeValue",
        "URNCodeValue",
        "CodingSchemeDesignator",
        "CodingSchemeVersion",
        "CodeMeaning",
        "MappingResource",
        "MappingResourceUID",
        "MappingResourceName",
        "ContextIdentifier",
        "ContextUID",
        "ContextGroupVersion",
        "ContextGroupExtensionFlag",
        "ContextGroupLocalVersion",
        "ContextGroupExtensionCreatorUID",
    }
)
PLACEHOLDER = (DUMMY, "99READROOM", "Removed")


@cache
def meanings() -> dict[tuple[str, str], str]:
    """Return the meaning of every code in pydicom's dictionaries, by (scheme, value)."""
    known = cast("Mapping[str, Mapping[str, Mapping[str, tuple[str, object]]]]", concepts)
    found = {
        (scheme, value): meaning
        for scheme, keywords in known.items()
        for values in keywords.values()
        for value, (meaning, _groups) in values.items()
    }
    old = {("SRT", value): found.get(("SCT", new), "") for value, new in mapping["SRT"].items()}
    return found | {code: meaning for code, meaning in old.items() if meaning}


def is_code(ds: Dataset) -> bool:
    """Return whether an item is a coded concept."""
    return any(keyword in ds for keyword in ("CodeValue", "LongCodeValue", "URNCodeValue", "CodingSchemeDesignator"))


def code_written(ds: Dataset, out: Dataset) -> None:
    """Write the code of an item into `out`; a placeholder if no dictionary contains it."""
    value, scheme = str(ds.get("CodeValue", "")), str(ds.get("CodingSchemeDesignator", ""))
    meaning = meanings().get((scheme, value))
    out.CodeValue, out.CodingSchemeDesignator, out.CodeMeaning = (
        (value, scheme, meaning[:64]) if meaning else PLACEHOLDER
    )
