"""DICOM objects whose bytes are not what they say, and odd ones that do no harm."""

import struct
import zlib
from pathlib import Path

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG4HP41,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    MediaStorageDirectoryStorage,
    RLELossless,
)

from tests.phantoms import dicom, pictures
from tests.phantoms.hostile.kinds import NESTED, PIXELS_DAMAGED, SHORT, hostile, object_bytes, written


@hostile(SHORT)
def pixels_cut_in_half(path: Path) -> Path:
    data = object_bytes(path)
    return written(path, data[: len(data) // 2])


@hostile(SHORT)
def header_cut(path: Path) -> Path:
    data = dicom.saved(dicom.report(), path).read_bytes()
    return written(path, data[:-5])


@hostile(SHORT)
def length_beyond_the_file(path: Path) -> Path:
    huge = b"\x08\x00\x81\x11UN\x00\x00" + struct.pack("<I", 0xFFFFFFF0)
    return written(path, dicom.saved(dicom.report(), path).read_bytes() + huge)


@hostile(NESTED)
def nested_without_end(path: Path) -> Path:
    opened = b"\x40\x00\x30\xa7SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return written(path, dicom.saved(dicom.report(), path).read_bytes() + opened * 4_000)


@hostile(NESTED)
def nested_forty_deep(path: Path) -> Path:
    return dicom.saved(dicom.nested(40), path)


@hostile("The DICOM header has more than 100,000 elements.")
def elements_without_number(path: Path) -> Path:
    start = dicom.saved(dicom.report(), path).read_bytes()
    item = b"\xfe\xff\x00\xe0" + struct.pack("<I", 10) + b"\x08\x00\x00\x01SH\x02\x00ab"
    items = item * 100_001
    return written(path, start + b"\x40\x00\x30\xa7SQ\x00\x00" + struct.pack("<I", len(items)) + items)


@hostile("The DICOM file would unpack to far more than its size.")
def deflate_bomb(path: Path) -> Path:
    data = dicom.saved(dicom.report(syntax=DeflatedExplicitVRLittleEndian), path).read_bytes()
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    sixteen_mib = packer.compress(bytes(16 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return written(path, data[: _meta_end(data)] + sixteen_mib * 1_000 + packer.flush())


def _meta_end(data: bytes) -> int:
    """Return where the data set begins: 132 bytes, (0002,0000) of 12 and as many as it says (PS3.10 7.1)."""
    return 144 + int.from_bytes(data[140:144], "little")


@hostile("The DICOM file claims 60,000 x 60,000 pixels a frame, more than is read.")
def rows_and_columns_beyond_measure(path: Path) -> Path:
    return dicom.saved(dicom.image(Rows=60_000, Columns=60_000), path)


@hostile("The DICOM file claims 1,000,000,000 frames; at most 4,000 are read.")
def a_billion_frames(path: Path) -> Path:
    return dicom.saved(dicom.image(NumberOfFrames=1_000_000_000), path)


@hostile(SHORT)
def more_frames_than_bytes(path: Path) -> Path:
    return dicom.saved(dicom.image(NumberOfFrames=300), path)


@hostile("The DICOM file would unpack to 4,096 MiB, more than is read.")
def unpacks_to_gigabytes(path: Path) -> Path:
    ds = dicom.image(Rows=4096, Columns=4096, NumberOfFrames=256, syntax=RLELossless)
    ds.PixelData = encapsulate([b"\x00" * 64] * 256)
    return dicom.saved(ds, path)


@hostile(SHORT)
def more_frames_than_fragments(path: Path) -> Path:
    ds = dicom.image(NumberOfFrames=9, syntax=JPEGBaseline8Bit)
    ds.PixelData = encapsulate([pictures.jpeg(path).read_bytes()])
    return dicom.saved(ds, path)


@hostile("The DICOM file claims 12345 bits in 1 samples a pixel, which no image has.")
def nonsense_bits(path: Path) -> Path:
    return dicom.saved(dicom.image(BitsAllocated=12_345), path)


@hostile("The DICOM file describes an image but holds no pixels.")
def image_without_pixels(path: Path) -> Path:
    return dicom.saved(dicom.image(Rows=2, Columns=2, PixelData=None), path)


@hostile(PIXELS_DAMAGED)
def wrong_transfer_syntax(path: Path) -> Path:
    ds = dicom.image(syntax=JPEGBaseline8Bit)
    ds.PixelData = encapsulate([ds.PixelData])
    return dicom.saved(ds, path)


@hostile("The DICOM file is in a transfer syntax that is not known here.")
def unknown_transfer_syntax(path: Path) -> Path:
    data = object_bytes(path)
    return written(path, data.replace(b"1.2.840.10008.1.2.1\x00", b"1.2.840.99999.1.2.7\x00"))


@hostile("The DICOM image is packed as MPEG-4 AVC/H.264 High Profile / Level 4.1, which is not unpacked here.")
def video(path: Path) -> Path:
    ds = dicom.image(syntax=MPEG4HP41)
    ds.PixelData = encapsulate([b"\x00\x00\x00\x20ftypisom" + bytes(100)])
    return dicom.saved(ds, path)


@hostile(SHORT)
def fragments_without_end(path: Path) -> Path:
    ds = dicom.image(syntax=JPEGBaseline8Bit)
    ds.PixelData = encapsulate([pictures.jpeg(path).read_bytes()])
    data = dicom.saved(ds, path).read_bytes()
    return written(path, data[:-200])


@hostile(SHORT)
def fragment_of_undefined_length(path: Path) -> Path:
    ds = dicom.image(syntax=JPEGBaseline8Bit)
    ds.PixelData = encapsulate([pictures.jpeg(path).read_bytes()])
    data = dicom.saved(ds, path).read_bytes()
    fragment = data.index(b"\xff\xd8\xff") - 4
    return written(path, data[:fragment] + b"\xff\xff\xff\xff" + data[fragment + 4 :])


@hostile(PIXELS_DAMAGED)
def fragment_larger_than_the_header_says(path: Path) -> Path:
    ds = dicom.image(syntax=JPEGBaseline8Bit)
    ds.PixelData = encapsulate([pictures.jpeg(path, np.zeros((4_000, 4_000), np.uint8)).read_bytes()])
    return dicom.saved(ds, path)


@hostile("The file crashed the process that reads files, which was started anew.")
def crashes_its_decoder(path: Path) -> Path:
    ds = dicom.image(np.zeros((64, 64), np.uint16), syntax=RLELossless)
    # Two segments for the two bytes of each pixel (PS3.5 G.5), the runs of the first longer than a frame.
    runs = b"\x81\x00" * 64
    ds.PixelData = encapsulate([struct.pack("<16I", 2, 64, 64 + len(runs), *[0] * 13) + runs + runs])
    return dicom.saved(ds, path)


@hostile("Reading the file took longer than 2 seconds; it was given up.")
def hangs_its_decoder(path: Path) -> Path:
    ds = dicom.image(syntax=JPEG2000Lossless)
    signature = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
    ds.PixelData = encapsulate([signature + bytes(64)])  # a box of length nought: a walk over boxes never ends
    return dicom.saved(ds, path)


@hostile("The DICOM file states no StudyInstanceUID.")
def no_study_uid(path: Path) -> Path:
    return dicom.saved(dicom.image(StudyInstanceUID=None), path)


@hostile("The DICOM file states a StudyInstanceUID that is no valid UID.")
def uid_that_climbs(path: Path) -> Path:
    data = dicom.saved(dicom.image(StudyInstanceUID="1.2.3.4.5.6.7.8.9"), path).read_bytes()
    return written(path, data.replace(b"1.2.3.4.5.6.7.8.9", b"../../../etc/cron"))


@hostile("The DICOM file states a SeriesInstanceUID that is no valid UID.")
def uid_too_long(path: Path) -> Path:
    long = ("1." * 40 + "1").encode()
    ds = dicom.image(SeriesInstanceUID="9." * 31 + "99")
    data = dicom.saved(ds, path).read_bytes()
    old = b"\x20\x00\x0e\x00UI" + struct.pack("<H", 64) + ("9." * 31 + "99").encode()
    return written(path, data.replace(old, b"\x20\x00\x0e\x00UI" + struct.pack("<H", 82) + long + b"\x00"))


@hostile("This is a DICOMDIR, an index of other files; it is left out, they are taken.")
def dicomdir(path: Path) -> Path:
    return dicom.saved(dicom.header(MediaStorageDirectoryStorage), path)


@hostile("", stored=True)
def structured_report(path: Path) -> Path:
    return dicom.saved(dicom.report(), path)


@hostile("", stored=True)
def script_in_the_name(path: Path) -> Path:
    name = "<script>alert('x')</script>"
    return dicom.saved(dicom.image(PatientName=name, PatientID="script"), path)


@hostile("", stored=True)
def name_of_ten_thousand_letters(path: Path) -> Path:
    data = dicom.saved(dicom.image(PatientName="N" * 60, PatientID="long"), path).read_bytes()
    return written(path, data.replace(b"PN\x3c\x00" + b"N" * 60, b"PN\x10\x27" + b"N" * 10_000))


@hostile("", stored=True)
def numbers_that_are_words(path: Path) -> Path:
    data = dicom.saved(dicom.image(WindowCenter="40", WindowWidth="400", InstanceNumber="1"), path).read_bytes()
    return written(path, data.replace(b"\x28\x00\x51\x10DS\x04\x00400 ", b"\x28\x00\x51\x10DS\x04\x00wide"))


@hostile("Stored. Its preamble held bytes that do not belong to an image; it was cleared.", stored=True)
def program_in_the_preamble(path: Path) -> Path:
    data = object_bytes(path)
    return written(path, (b"\x7fELF" + b"\xcc" * 124) + data[128:])
