"""Big endian values (retired, still met) as little endian ones."""

import sys

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset

#: Bytes of one word, by VR (PS3.5 6.2). pydicom turns numbers round itself, these it keeps as bytes.
WORDS = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}


def little_endian(ds: FileDataset) -> None:
    """Turn the words of all binary values round, in place, where the object was big endian; else do nothing."""
    if ds.original_encoding[1] is False:
        ds.walk(_turn)


def _turn(_ds: Dataset, element: DataElement) -> None:
    size = WORDS.get(str(element.VR).rsplit(" or ", maxsplit=1)[-1])
    if size and isinstance(element.value, bytes) and not len(element.value) % size:
        assert sys.byteorder == "little"
        element.value = np.frombuffer(element.value, f">u{size}").astype(f"<u{size}").tobytes()
