"""Builds a de-identified data set element by element; an element is left out unless a rule allows it."""

from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from ml.deid.codes import CODE_ELEMENTS, code_written, is_code
from ml.deid.content import content_kept
from ml.deid.options import Options
from ml.deid.pseudonyms import Pseudonyms
from ml.deid.table import TECHNICAL, rules
from ml.deid.words import DUMMY, term_cleaned, text_cleaned

COLOURS = ("Red", "Green", "Blue")
TEXT = frozenset({"LO", "LT", "SH", "ST", "UC", "UT"})
DATES = {"DA": "19000101", "TM": "000000", "DT": "19000101000000"}
NUMBERS = frozenset({"AT", "DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})
#: Dummy values, by VR, which replace identifying ones (action D).
DUMMIES: dict[str, Any] = {
    **dict.fromkeys((*TEXT, "AE", "CS", "PN"), DUMMY),
    **DATES,
    **dict.fromkeys(("DS", "IS"), "0"),
    **dict.fromkeys(NUMBERS - {"DS", "IS", "AT"}, 0),
    **dict.fromkeys(("OB", "UN"), b"\0\0"),
}
#: Lookup tables -> their descriptors; a table is kept if it has the length that its descriptor states. Pixel data are
#: treated in `pixels.py`.
TABLES = {f"{colour}PaletteColorLookupTableData": f"{colour}PaletteColorLookupTableDescriptor" for colour in COLOURS}
TABLES["LUTData"] = "LUTDescriptor"
OLDEST_YEARS = 89  # older people are so few that their age could identify them


@dataclass(frozen=True)
class Cleaner:
    """De-identifies the elements of one object, with its patient's pseudonyms and the chosen options."""

    pseudonyms: Pseudonyms
    options: Options

    def cleaned(self, ds: Dataset) -> Dataset:
        """Return a new data set with what may be kept of each element, without pixel data."""
        out = Dataset()
        coded = is_code(ds)
        if coded:
            code_written(ds, out)
        for element in ds:
            if (coded and element.keyword in CODE_ELEMENTS) or not _is_table(ds, element):
                continue
            if (kept := self._element(element)) is not None:
                out.add(kept)
        return out

    def _element(self, element: DataElement) -> DataElement | None:
        if not _is_known(element):
            return None
        if element.keyword in {"PatientName", "PatientID"}:
            return DataElement(element.tag, element.VR, self.pseudonyms.person())
        if element.keyword == "ContentSequence":
            items = content_kept(element.value, dates=self.options.dates)
            return DataElement(element.tag, "SQ", Sequence([self.cleaned(item) for item in items]))
        rule = rules().get(int(element.tag))
        action = rule.action(self.options) if rule else self._unlisted(element)
        if element.VR == "SQ":
            return self._sequence(element, action)
        cleaned: Any
        match action:
            case "X":
                return None
            case "Z":
                cleaned = ""
            case "D":
                cleaned = _dummy(element)
            case "U":
                cleaned = _each(element, self.pseudonyms.uid)
            case "K":
                cleaned = _age(element.value) if element.VR == "AS" else element.value
            case _:
                cleaned = self._cleaned_value(element, fallback=rule.basic if rule else "D")
        return None if cleaned is None else DataElement(element.tag, element.VR, cleaned)

    def _unlisted(self, element: DataElement) -> str:
        """Return the action for an attribute that the table does not list."""
        vr = element.VR
        if element.keyword in TECHNICAL and self.options.device:
            return "K"
        if vr == "UI":
            return "U"
        if vr in DATES:
            return "C" if self.options.dates else "D"
        if vr in TEXT or vr == "CS":
            return "C"
        if vr == "PN":
            return "D"
        numeric = all(part in NUMBERS for part in vr.split(" or "))
        return "K" if vr == "SQ" or numeric or element.keyword in TABLES else "X"

    def _sequence(self, element: DataElement, action: str) -> DataElement | None:
        """Return a sequence with its items cleaned, whether the action is to keep, clean or replace it."""
        if action == "X":
            return None
        items = [] if action == "Z" else [self.cleaned(item) for item in element.value]
        return DataElement(element.tag, "SQ", Sequence([item for item in items if len(item)]))

    def _cleaned_value(self, element: DataElement, *, fallback: str) -> Any:
        """Return what may be kept of a value; if nothing, a dummy, or None if `fallback` is to remove the element."""
        match element.VR:
            case "DA":
                left = _each(element, lambda text: self.pseudonyms.day(text) or "")
            case "DT":
                left = _each(element, lambda text: self.pseudonyms.moment(text) or "")
            case "TM":
                left = _each(element, lambda text: text if text.replace(".", "").strip().isdigit() else "")
            case "CS":
                left = _each(element, term_cleaned)
            case _ if element.keyword == "TimezoneOffsetFromUTC":
                left = text if len(text := str(element.value)) == 5 and text[1:].isdigit() else ""
            case _:
                left = _each(element, text_cleaned)
        if element.is_empty or any(left if isinstance(left, list) else [left]):
            return left
        return None if fallback == "X" else _dummy(element)


def _is_known(element: DataElement) -> bool:
    """Return whether an element is a standard one with the right VR, in a group that may be kept."""
    tag = element.tag
    if tag.is_private or tag.group < 8 or 0x5000 <= tag.group < 0x5100 or 0x6000 <= tag.group < 0x6100:
        return False
    if not tag.element or not dictionary_has_tag(tag) or element.keyword == "SpecificCharacterSet":
        return False
    stated, listed = set(element.VR.split(" or ")), set(dictionary_VR(tag).split(" or "))
    return bool(stated & listed) or (stated <= TEXT and listed <= TEXT)


def _is_table(ds: Dataset, element: DataElement) -> bool:
    """Return whether a lookup table has the length that its descriptor states (PS3.3 C.7.6.3.1.5).

    True for any other element.
    """
    if element.keyword not in TABLES:
        return True
    counted = ds.get(TABLES[element.keyword]) or []
    if not isinstance(counted, MultiValue | list) or len(counted) != 3 or not isinstance(element.value, bytes):
        return element.VR == "US"  # some software writes short tables as numbers
    return len(element.value) in {(int(counted[0]) or 1 << 16) * width for width in (1, 2)}


def _each(element: DataElement, change: Any) -> Any:
    """Return the value with `change` applied to each of its parts."""
    value = element.value
    if isinstance(value, MultiValue | list):
        return [change(str(one)) for one in value]
    return change(str(value)) if value is not None else ""


def _dummy(element: DataElement) -> Any:
    return DUMMIES.get(element.VR, "")


def _age(value: Any) -> str | None:
    """Return an age (VR AS), 090Y for anybody older than 89 years; None if it is not a valid age."""
    text = str(value)
    if len(text) != 4 or not text[:3].isdigit() or text[3] not in "DWMY":
        return None
    return "090Y" if text[3] == "Y" and int(text[:3]) > OLDEST_YEARS else text
