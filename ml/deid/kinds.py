"""Decides which objects can be de-identified, and in which of them burned-in text is suspected."""

from pydicom.dataset import Dataset
from pydicom.uid import UID

from ml.dicomio.dicom import LABEL_MAP_SEGMENTATION, has_pixels
from ml.dicomio.errors import Refused

SEGMENTATIONS = frozenset({UID("1.2.840.10008.5.1.4.1.1.66.4"), LABEL_MAP_SEGMENTATION})
#: UID prefixes of structured reports and of secondary captures (PS3.4 B.5).
REPORTS, CAPTURES = "1.2.840.10008.5.1.4.1.1.88.", "1.2.840.10008.5.1.4.1.1.7"
#: UID prefix of the standard's SOP classes.
STANDARD = "1.2.840.10008.5.1.4."
PRESENTATIONS, PHOTOGRAPHS = "1.2.840.10008.5.1.4.1.1.11.", "1.2.840.10008.5.1.4.1.1.77.1."
#: Modalities whose devices burn no text into their images.
WITHOUT_WRITING = frozenset({"CT", "MR", "PT", "NM", "CR", "DX", "MG", "PX", "IO"})
#: Modalities whose images show names whatever their header says.
ALWAYS_WRITTEN = frozenset({"US", "IVUS", "OT", "DOC", "SC"})
SCREENS = ("SCREEN", "SAVE", "CAPTURE", "LABEL")


def check_kind(ds: Dataset) -> None:
    """Refuse an object of a kind that may contain identifying text anywhere.

    Raises
    ------
    Refused
        If it is of such a kind, which the message names.
    """
    kind = UID(str(ds.get("SOPClassUID", "")))
    named = kind.name if kind.is_valid and kind.name != kind else "unknown kind"
    if not kind.startswith(STANDARD):
        raise Refused("Objects of a maker's own kind are not exported: what they hold is not understood here.")
    if "EncapsulatedDocument" in ds:
        raise Refused(f"Documents ({named}) are not exported: their pages name the patient.")
    if kind.startswith(PRESENTATIONS) or "WaveformSequence" in ds:
        raise Refused(f"Objects of this kind ({named}) are not exported: they may hold writing or speech anywhere.")
    if kind in SEGMENTATIONS or kind.startswith(REPORTS) or has_pixels(ds):
        return
    raise Refused(f"Objects of this kind ({named}) are not exported: what they hold is not understood here.")


def writing_suspected(ds: Dataset) -> str:
    """Return why burned-in text is suspected in an image; "" if it is not."""
    if not has_pixels(ds):
        return ""
    modality, is_free = str(ds.get("Modality") or ""), ds.get("BurnedInAnnotation") == "NO"
    kind = str(ds.get("SOPClassUID", ""))
    image_type = ds.get("ImageType") or []
    said = " ".join([image_type] if isinstance(image_type, str) else map(str, image_type)).upper()
    captured = kind == CAPTURES or kind.startswith(CAPTURES + ".") or "ConversionType" in ds
    reasons = (
        (writing_stated(ds), "its header says that writing is burned into it"),
        (captured, "it is a captured screen or a scanned film"),
        (any(word in said for word in SCREENS), "its image type is that of a screen or a label"),
        (modality in ALWAYS_WRITTEN, "images of this modality show names on their margin"),
        (not (modality in WITHOUT_WRITING or is_free), "nothing says that it is free of writing"),
    )
    return next((reason for speaks, reason in reasons if speaks), "")


def writing_stated(ds: Dataset) -> bool:
    """Return whether the header states that text is burned into the image (PS3.3 C.7.6.1.1)."""
    return str(ds.get("BurnedInAnnotation") or "") == "YES"


def check_faces(ds: Dataset) -> None:
    """Refuse a photograph, and an image whose header states that a person can be recognised in it."""
    photograph = str(ds.get("SOPClassUID", "")).startswith(PHOTOGRAPHS) and ds.get("Modality") in {"XC", "GM", "ES"}
    if photograph or ds.get("RecognizableVisualFeatures") == "YES":
        raise Refused("Photographs and images on which a person can be recognised are not exported.")
