"""De-identifies one object: reads it, builds the de-identified object, and writes it to a new file."""

from pathlib import Path

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, UID, ExplicitVRLittleEndian

from ml.deid.elements import Cleaner
from ml.deid.kinds import check_faces, check_kind, writing_stated, writing_suspected
from ml.deid.options import CODES, Asked, Options, Told
from ml.deid.pixels import boxes_of, pixels_kept, pixels_unpacked
from ml.deid.pseudonyms import Pseudonyms
from ml.deid.table import EDITION
from ml.dicomio.dicom import BROKEN, dataset_read, frame_count
from ml.dicomio.errors import Refused
from ml.dicomio.sanity import PIXELS
from ml.dicomio.values import text, uid_of

METHOD = f"Readroom: PS3.15 {EDITION} table E.1-1; text by a list of words"


def object_deidentified(path: Path, *, asked: Asked, out: Path) -> Told:
    """Write the de-identified object to `out`, uncompressed in Explicit VR Little Endian; return its new identifiers.

    Raises
    ------
    Refused
        If it cannot be read, is of a kind that cannot be de-identified, or if burned-in text is suspected and no region
        to black out is given.
    """
    ds = dataset_read(path)
    check_kind(ds)
    check_faces(ds)
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"):
        uid_of(ds, keyword)
    pseudonyms = Pseudonyms(secret=asked.secret, person=asked.person)
    try:
        cleaned = Cleaner(pseudonyms, asked.options).cleaned(ds)
        blacked = _pixels(ds, cleaned, asked.options)
        cleaned.PatientName = cleaned.PatientID = pseudonyms.person()
        _say_so(cleaned, asked.options, blacked=blacked)
        _write(cleaned, out)
    except BROKEN as error:
        raise Refused("The object holds values that cannot be written again.") from error
    return Told(
        person=pseudonyms.person(),
        study=cleaned.StudyInstanceUID,
        series=cleaned.SeriesInstanceUID,
        instance=cleaned.SOPInstanceUID,
        sop_class=UID(cleaned.SOPClassUID).name,
        modality=text(cleaned, "Modality", longest=16),
        frames=frame_count(cleaned),
        blacked=blacked,
    )


def _pixels(ds: FileDataset, cleaned: Dataset, options: Options) -> bool:
    """Copy the pixel data into `cleaned`; return whether regions were blacked out."""
    if not any(keyword in ds for keyword in PIXELS):
        return False
    suspected = writing_suspected(ds)
    outside, inside = boxes_of(ds, options, suspected=bool(suspected)) if options.pixels else ([], [])
    if suspected and not outside and not inside and not (options.looked_through and not writing_stated(ds)):
        raise Refused(f"Its pixels may show names ({suspected}), and no region to black out was given.")
    pixels_unpacked(ds)
    pixels_kept(ds, cleaned, outside=outside, inside=inside)
    return bool(outside or inside)


def _say_so(cleaned: Dataset, options: Options, *, blacked: bool) -> None:
    """Record the de-identification in the object (PS3.15 E.1.1 step 6, PS3.3 C.7.1.1 and C.12.1)."""
    cleaned.SpecificCharacterSet = "ISO_IR 192"
    cleaned.PatientIdentityRemoved = "YES"
    cleaned.DeidentificationMethod = METHOD
    done = [name for name in options.names() if name != "pixels" or blacked]
    cleaned.DeidentificationMethodCodeSequence = Sequence([_code(*CODES[name]) for name in done])
    cleaned.LongitudinalTemporalInformationModified = "MODIFIED" if options.dates else "REMOVED"
    if blacked:
        cleaned.BurnedInAnnotation = "NO"


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def _write(cleaned: Dataset, out: Path) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = cleaned.SOPClassUID, cleaned.SOPInstanceUID
    meta.TransferSyntaxUID, meta.ImplementationClassUID = ExplicitVRLittleEndian, PYDICOM_IMPLEMENTATION_UID
    file = FileDataset(out, cleaned, bytes(128), meta)
    file.save_as(out, implicit_vr=False, little_endian=True, enforce_file_format=True)
