"""Files that are no images, and pictures that are not what they say."""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from tests.phantoms import pictures
from tests.phantoms.hostile.kinds import (
    FILES,
    FORMATS,
    NEITHER,
    PICTURE_BOMB,
    PICTURE_DAMAGED,
    foreign,
    hostile,
    written,
)


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
