"""Files made to do harm, or sent by mistake, and what is said about each.

Each maker writes one file. `says` is the whole sentence that its sender reads; where `stored` is true the
file is harmless and kept.
"""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
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

Maker = Callable[[Path], Path]


@dataclass(frozen=True)
class Hostile:
    """One kind of bad file."""

    name: str
    make: Maker
    says: str
    stored: bool


KINDS: list[Hostile] = []


def hostile(says: str, *, stored: bool = False) -> Callable[[Maker], Maker]:
    """Enter a maker in the list, with the sentence that its file deserves."""

    def enter(make: Maker) -> Maker:
        KINDS.append(Hostile(make.__name__, make, says, stored))
        return make

    return enter


def written(path: Path, data: bytes) -> Path:
    """Write bytes and return the path."""
    path.write_bytes(data)
    return path


def object_bytes(path: Path) -> bytes:
    """Return the bytes of a sound DICOM image."""
    return dicom.saved(dicom.image(), path).read_bytes()


def foreign(what: str, instead: str = "") -> str:
    """Return what is said of a file of another kind."""
    return f"This is {what}, not a DICOM file, a PNG or a JPEG.{instead}"


FILES, FORMATS = " Send a zip or the files themselves.", " Send PNG or JPEG."
NEITHER = "This is neither a DICOM file nor a PNG or JPEG picture."
PICTURE_DAMAGED = "The picture is damaged or cut short."
PICTURE_BOMB = "The picture would unpack to more pixels than is read."
PIXELS_DAMAGED = "The pixels of the DICOM file are damaged and cannot be decoded."
SHORT = "The DICOM file is cut short: it claims more than its bytes hold."
NESTED = "The DICOM file nests sequences more than 32 deep."
ZIP_DAMAGED = "The zip archive is damaged and cannot be opened."


# Nothing to do with images.


@hostile("The file is empty.")
def empty(path: Path) -> Path:
    return written(path, b"")


@hostile(NEITHER)
def text_named_dcm(path: Path) -> Path:
    return written(path, b"Dear radiologist, please find the images attached.\n" * 9)


@hostile(NEITHER)
def noise(path: Path) -> Path:
    return written(path, b"\xa5" + np.random.default_rng(7).bytes(9_999))


@hostile(foreign("a web or XML document"))
def web_page(path: Path) -> Path:
    return written(path, b"<html><script>alert(1)</script></html>")


@hostile(foreign("a PDF document"))
def pdf(path: Path) -> Path:
    return written(path, b"%PDF-1.7\n%%EOF\n")


@hostile(foreign("a program"))
def linux_program(path: Path) -> Path:
    return written(path, b"\x7fELF\x02\x01\x01" + bytes(500))


@hostile(foreign("a program"))
def windows_program(path: Path) -> Path:
    return written(path, b"MZ\x90\x00" + bytes(500))


@hostile(foreign("a gzip archive", FILES))
def gzip_bomb(path: Path) -> Path:
    return written(path, gzip.compress(bytes(20 << 20)))


@hostile(foreign("a RAR archive", FILES))
def rar(path: Path) -> Path:
    return written(path, b"Rar!\x1a\x07\x01\x00" + bytes(100))


@hostile(foreign("a 7z archive", FILES))
def seven_zip(path: Path) -> Path:
    return written(path, b"7z\xbc\xaf\x27\x1c" + bytes(100))


@hostile(foreign("a GIF picture", FORMATS))
def gif(path: Path) -> Path:
    Image.fromarray(pictures.disc()).save(path, format="GIF")
    return path


@hostile(foreign("a BMP picture", FORMATS))
def bmp(path: Path) -> Path:
    Image.fromarray(pictures.disc()).save(path, format="BMP")
    return path


@hostile(foreign("a TIFF picture", FORMATS))
def tiff(path: Path) -> Path:
    Image.fromarray(pictures.disc()).save(path, format="TIFF")
    return path


# Pictures.


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG with its right checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@hostile(PICTURE_DAMAGED)
def png_with_bad_checksum(path: Path) -> Path:
    data = bytearray(pictures.png(path).read_bytes())
    data[data.index(b"IDAT") + 30] ^= 0xFF
    return written(path, bytes(data))


@hostile(PICTURE_BOMB)
def png_bomb(path: Path) -> Path:
    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20))
    return written(
        path, b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", size) + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")
    )


@hostile(PICTURE_DAMAGED)
def jpeg_cut_in_half(path: Path) -> Path:
    data = pictures.jpeg(path).read_bytes()
    return written(path, data[: len(data) // 2])


@hostile(PICTURE_BOMB)
def jpeg_bomb(path: Path) -> Path:
    data = bytearray(pictures.jpeg(path).read_bytes())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    return written(path, bytes(data))


# DICOM: bytes that are not what they say.


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


@hostile("This is a DICOMDIR, an index; the files that it lists are what is read.")
def dicomdir(path: Path) -> Path:
    return dicom.saved(dicom.header(MediaStorageDirectoryStorage), path)


# DICOM that is odd and does no harm.


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


@hostile("Stored. Its preamble held something that is no part of an image; it was emptied.", stored=True)
def program_in_the_preamble(path: Path) -> Path:
    data = object_bytes(path)
    return written(path, (b"\x7fELF" + b"\xcc" * 124) + data[128:])


# Archives.


def packed(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip archive of named bytes."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@hostile("A zip inside a zip is not opened.")
def zip_in_a_zip(path: Path) -> Path:
    inner = packed(path, {"image.dcm": object_bytes(path)}).read_bytes()
    return packed(path, {"inner.zip": inner})


@hostile("This file of the zip archive is encrypted; send it without a password.")
def encrypted_zip(path: Path) -> Path:
    data = bytearray(packed(path, {"a.png": pictures.png(path).read_bytes()}).read_bytes())
    for start in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[start] |= 1  # The flag alone: nothing is unpacked that says it needs a password.
    return written(path, bytes(data))


@hostile("This file of the zip archive is packed by a method that is not read here; use the ordinary one.")
def zip_by_another_method(path: Path) -> Path:
    return packed(path, {"a.png": pictures.png(path).read_bytes()}, zipfile.ZIP_LZMA)


@hostile("The zip archive lists more than 20,000 files.")
def zip_of_a_hundred_thousand_names(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"{number}.dcm", b"")
    return path


@hostile("The zip archive would unpack to 1,024 MiB, more than is read from its size.")
def zip_bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.dcm", "w") as member:
        for _ in range(64):
            member.write(bytes(16 << 20))
    return path


@hostile("This file of the zip archive is damaged and cannot be unpacked.")
def zip_with_bad_checksum(path: Path) -> Path:
    data = packed(path, {"a.png": pictures.png(path).read_bytes()}, zipfile.ZIP_STORED).read_bytes()
    return written(path, data.replace(b"IEND", b"IEnD"))


@hostile(ZIP_DAMAGED)
def zip_cut_in_half(path: Path) -> Path:
    data = packed(path, {"a.png": pictures.png(path).read_bytes()}).read_bytes()
    return written(path, data[: len(data) // 2])


@hostile("This file of the zip archive is damaged and cannot be unpacked.")
def zip_whose_directory_points_before_it(path: Path) -> Path:
    data = bytearray(packed(path, {"a.png": pictures.png(path).read_bytes()}).read_bytes())
    data[-6:-2] = (int.from_bytes(data[-6:-2], "little") + 10).to_bytes(4, "little")  # PKWARE 4.3.16: its offset
    return written(path, bytes(data))


@hostile(NEITHER)
def zip_with_a_nameless_file(path: Path) -> Path:
    data = bytearray(packed(path, {"A": b"no image"}).read_bytes())
    for name in (30, data.index(b"PK\x01\x02") + 46):
        data[name] = 0  # A name ends at a nought, and this one does not begin.
    return written(path, bytes(data))


@hostile("The zip archive is empty.")
def zip_of_nothing(path: Path) -> Path:
    return packed(path, {})


@hostile("", stored=True)
def zip_whose_names_climb(path: Path) -> Path:
    image = io.BytesIO()
    Image.fromarray(pictures.disc(seed=99)).save(image, format="PNG")
    return packed(path, {"../../../../tmp/readroom-was-here.png": image.getvalue()})
