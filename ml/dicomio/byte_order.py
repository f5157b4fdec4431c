"""Converts objects in the retired Explicit VR Big Endian, which still occurs, to little endian."""

import sys

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset

#: Bytes per word, by VR (PS3.5 6.2). pydicom swaps the bytes of numbers, but leaves these values as raw bytes.
WORDS = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}


def little_endian(ds: FileDataset) -> None:
    """Swap the bytes of all binary values in place if the object is big endian; otherwise do nothing."""
    if ds.original_encoding[1] is False:
        ds.walk(_turn)


def _turn(_ds: Dataset, element: DataElement) -> None:
    size = WORDS.get(str(element.VR).rsplit(" or ", maxsplit=1)[-1])
    if size and isinstance(element.value, bytes) and not len(element.value) % size:
        assert sys.byteorder == "little"
        element.value = np.frombuffer(element.value, f">u{size}").astype(f"<u{size}").tobytes()
