"""A data set built anew, element by element: what no rule lets in stays out."""

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
#: Values that stand for one which had to go, by VR (action D).
DUMMIES: dict[str, Any] = {
    **dict.fromkeys((*TEXT, "AE", "CS", "PN"), DUMMY),
    **DATES,
    **dict.fromkeys(("DS", "IS"), "0"),
    **dict.fromkeys(NUMBERS - {"DS", "IS", "AT"}, 0),
    **dict.fromkeys(("OB", "UN"), b"\0\0"),
}
#: Lookup tables, which are kept where they are as long as their descriptor says; pixels are dealt with apart.
TABLES = {f"{colour}PaletteColorLookupTableData": f"{colour}PaletteColorLookupTableDescriptor" for colour in COLOURS}
TABLES["LUTData"] = "LUTDescriptor"
OLDEST_YEARS = 89  # older people are so few that their age names them


@dataclass(frozen=True)
class Cleaner:
    """What all elements of an object are treated with."""

    pseudonyms: Pseudonyms
    options: Options

    def cleaned(self, ds: Dataset) -> Dataset:
        """Return another data set: what may leave of each element. Pixel data are not among it."""
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
        """Return what is done to an attribute that the table does not name."""
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
        """Walk the items: a dummy, a cleaned or a kept sequence is one whose every leaf obeys the same rules."""
        if action == "X":
            return None
        items = [] if action == "Z" else [self.cleaned(item) for item in element.value]
        return DataElement(element.tag, "SQ", Sequence([item for item in items if len(item)]))

    def _cleaned_value(self, element: DataElement, *, fallback: str) -> Any:
        """Return what is left of a value, the dummy where nothing is; None where it may then be absent."""
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
    """Say whether an element is one of the standard's, of a group that may leave, and of the VR that it should be."""
    tag = element.tag
    if tag.is_private or tag.group < 8 or 0x5000 <= tag.group < 0x5100 or 0x6000 <= tag.group < 0x6100:
        return False
    if not tag.element or not dictionary_has_tag(tag) or element.keyword == "SpecificCharacterSet":
        return False
    stated, listed = set(element.VR.split(" or ")), set(dictionary_VR(tag).split(" or "))
    return bool(stated & listed) or (stated <= TEXT and listed <= TEXT)


def _is_table(ds: Dataset, element: DataElement) -> bool:
    """Say whether a lookup table has the entries that its descriptor counts (PS3.3 C.7.6.3.1.5); yes for all others."""
    if element.keyword not in TABLES:
        return True
    counted = ds.get(TABLES[element.keyword]) or []
    if not isinstance(counted, MultiValue | list) or len(counted) != 3 or not isinstance(element.value, bytes):
        return element.VR == "US"  # numbers, as some write short tables
    return len(element.value) in {(int(counted[0]) or 1 << 16) * width for width in (1, 2)}


def _each(element: DataElement, change: Any) -> Any:
    """Return the value with each of its parts changed."""
    value = element.value
    if isinstance(value, MultiValue | list):
        return [change(str(one)) for one in value]
    return change(str(value)) if value is not None else ""


def _dummy(element: DataElement) -> Any:
    return DUMMIES.get(element.VR, "")


def _age(value: Any) -> str | None:
    """Return an age (VR AS), 090Y for everybody older than 89 years; None where it is none."""
    text = str(value)
    if len(text) != 4 or not text[:3].isdigit() or text[3] not in "DWMY":
        return None
    return "090Y" if text[3] == "Y" and int(text[:3]) > OLDEST_YEARS else text
