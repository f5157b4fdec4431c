"""Pictures drawn for the service tests: each one a study of its own, and a long series."""

import io

import numpy as np
from PIL import Image
from pydicom.uid import MRImageStorage

from tests.phantoms.dicom import image


def picture(number: int) -> bytes:
    """Return a PNG of an ellipse on noise, (96, 96) grey; equal numbers give equal bytes."""
    random = np.random.default_rng(number)
    rows, columns = np.meshgrid(np.linspace(-1, 1, 96), np.linspace(-1, 1, 96), indexing="ij")
    inside = (rows / random.uniform(0.5, 0.9)) ** 2 + (columns / random.uniform(0.5, 0.9)) ** 2 < 1
    grey = np.clip(random.normal(20, 6, (96, 96)) + 120 * inside, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(grey).save(out, format="PNG")
    return out.getvalue()


def long_series() -> bytes:
    """Return a DICOM file of 240 brain MR frames: the detector looks at each, which takes it seconds."""
    rows, columns = np.meshgrid(np.linspace(-1, 1, 256), np.linspace(-1, 1, 256), indexing="ij")
    grey = (20 + 120 * (rows**2 + columns**2 < 0.6)).astype(np.uint8)
    ds = image(np.repeat(grey[None], 240, axis=0), sop_class=MRImageStorage, Modality="MR", BodyPartExamined="BRAIN")
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()
