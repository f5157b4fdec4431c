"""An object full of identities: planted in every attribute that can hold one, so that a search finds what leaks."""

from typing import Any

from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import UID

from tests.phantoms import dicom

NAME, NUMBER, BORN, ORGANISATION = "KANARIENVOGEL", "47110815", "19370412", "1.2.276.0.47110815"
#: What no byte of an export may hold, in small letters: long enough that no UID drawn by chance holds it.
TRACES = (b"kanari", b"47110815", b"zwitscher", b"19370412")
#: By VR: a value that tells who it is.
VALUES: dict[str, Any] = {
    "AE": "KANARI47110815",
    "CS": "KANARI47110815",
    "DA": BORN,
    "DT": BORN + "101112.5+0100",
    "LO": "Kanarienvogel, 47110815",
    "LT": "Patient Kanarienvogel rang 47110815 twice.",
    "OB": b"Kanarienvogel 47110815",
    "OW": b"Kanarienvogel 47110815",
    "PN": "Kanarienvogel^Zwitscher",
    "SH": "KANARI-47110815",
    "ST": "Kanarienvogel, street 47110815",
    "UC": "Kanarienvogel 47110815",
    "UN": b"Kanarienvogel 47110815",
    "UR": "https://kanarienvogel.example/47110815",
    "UT": "Seen by Dr Zwitscher: head of Kanarienvogel, 47110815.",
}
#: What makes an object an object, and what its pixels are described with.
UNTOUCHED = frozenset(
    keyword for keyword in dir(dicom.image()) if keyword[0].isupper() and not keyword.startswith("Patient")
) | {"SpecificCharacterSet", "BurnedInAnnotation", "RecognizableVisualFeatures", "ConversionType", "ImageType"}
#: Makes another kind of object of it.
OTHER_KINDS = frozenset(
    {"EncapsulatedDocument", "WaveformSequence", "FloatPixelData", "DoubleFloatPixelData", "LUTData"}
)


def planted(*, without: frozenset[str] = frozenset(), **elements: Any) -> FileDataset:
    """Return an image with identities in each attribute of the dictionary, its preamble and its file meta information.

    `without` names attributes that are to stay as they are.
    """
    ds = dicom.image(**elements)
    plant(ds, without=without | UNTOUCHED | OTHER_KINDS | frozenset(elements))
    item = Dataset()
    plant(item, without=without | OTHER_KINDS | {"SpecificCharacterSet"})
    inner = Dataset()
    inner.ReferencedInstanceSequence = Sequence([item])
    ds.ReferencedSeriesSequence = Sequence([inner])
    for group in (0x5000, 0x6000, 0x6002):
        ds.add(DataElement(Tag(group, 0x3000), "OW", b"Kanarienvogel 47110815"))
        ds.add(DataElement(Tag(group, 0x0022), "LO", "Kanarienvogel"))
    ds.preamble = b"Kanarienvogel 47110815".ljust(128, b"\0")
    ds.file_meta.SourceApplicationEntityTitle = "KANARI47110815"
    ds.file_meta.PrivateInformationCreatorUID = UID("1.2.47110815")
    ds.file_meta.PrivateInformation = b"Kanarienvogel"
    return ds


def plant(ds: Dataset, *, without: frozenset[str]) -> None:
    """Put a telling value into every attribute, and into private ones."""
    for tag, (vr, multiplicity, *_rest) in DicomDictionary.items():
        keyword = keyword_for_tag(tag)
        if keyword in without or tag >> 16 < 8 or not tag & 0xFFFF:
            continue
        value = f"{ORGANISATION}.{tag}" if vr == "UI" else VALUES.get(vr.split(" or ")[-1])
        if value is not None:
            several = vr in {"CS", "SH", "LO"} and multiplicity in {"1-n", "2-n"}
            ds.add(DataElement(tag, vr.split(" or ")[-1], [value, value] if several else value))
    block = ds.private_block(0x0009, "KANARIENVOGEL", create=True)
    block.add_new(0x01, "LO", "Kanarienvogel 47110815")
    block.add_new(0x02, "SQ", [_private_item()])


def _private_item() -> Dataset:
    item = Dataset()
    item.PatientName = "Kanarienvogel^Zwitscher"
    return item
