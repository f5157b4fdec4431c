"""Zip archives."""

import io
import zipfile
from pathlib import Path

from PIL import Image

from tests.phantoms import pictures
from tests.phantoms.hostile.kinds import NEITHER, ZIP_DAMAGED, hostile, object_bytes, written


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
