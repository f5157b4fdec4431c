"""The studies of `bench.dicomweb.rows` as objects, for a server whose database is not ours to write into."""

import io
from datetime import date, timedelta

import numpy as np

from bench.dicomweb.client import Connection, Place
from bench.dicomweb.rows import DAYS, NAMES
from tests.phantoms import dicom

A_REQUEST = 50


def store(place: Place, count: int) -> None:
    """Store so many studies of one small object each."""
    connection = Connection(place)
    for start in range(0, count, A_REQUEST):
        connection.store([_object(number) for number in range(start, min(count, start + A_REQUEST))])
    connection.close()


def _object(number: int) -> bytes:
    day = date(2001, 1, 1) + timedelta(days=number * 7 % DAYS)
    out = io.BytesIO()
    dicom.image(
        np.zeros((8, 8), np.uint8),
        PatientID=f"B{number}",
        PatientName=f"Phantom{number % NAMES}^P{number}",
        StudyInstanceUID=f"1.2.{number}",
        SeriesInstanceUID=f"1.3.{number}",
        SOPInstanceUID=f"1.4.{number}",
        AccessionNumber=f"A{number}",
        StudyDate=f"{day:%Y%m%d}",
    ).save_as(out, enforce_file_format=True)
    return out.getvalue()
