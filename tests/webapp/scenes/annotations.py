"""A study with known geometry, outlined by cascade and person.

Run it by ``python -m tests.webapp.scenes.annotations [WHO ID]``.
"""

import os
import sys

import numpy as np
from numpy.typing import NDArray

if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    django.setup()

import highdicom as hd
from pydicom.dataset import FileDataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from tests.webapp import factories
from tests.webapp.scenes import viewer as viewer_scene
from tests.webapp.scenes.viewer import COLUMNS, ROWS
from webapp.imaging.archive.models import Series

#: The bright block of each slice, [x0, y0, x1, y1] in pixels, and the index of the slice that is marked.
BLOCK = (8, 6, 24, 18)
MARKED = 2
PERSON = {"PatientName": "Merkmal^Mona", "PatientID": "MARK-1"}


def block() -> NDArray[np.bool_]:
    """Return where the bright block lies, (rows, columns)."""
    mask = np.zeros((ROWS, COLUMNS), bool)
    mask[BLOCK[1] : BLOCK[3], BLOCK[0] : BLOCK[2]] = True
    return mask


def segmentation(sources: list[FileDataset]) -> hd.seg.Segmentation:
    """Return a person's outline of the block on the marked slice alone, its pixels mirrored in columns and in rows.

    The same place in the patient, another order of the pixels: who maps by number draws it on the wrong side.
    """
    source = sources[MARKED]
    row, column = np.array(source.ImageOrientationPatient[:3]), np.array(source.ImageOrientationPatient[3:])
    down, along = source.PixelSpacing
    corner = np.array(source.ImagePositionPatient) + row * along * (COLUMNS - 1) + column * down * (ROWS - 1)
    return hd.seg.Segmentation(
        source_images=[source],
        pixel_array=block()[None, ::-1, ::-1],
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            hd.seg.SegmentDescription(
                segment_number=1,
                segment_label="Block by hand",
                segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
                segmented_property_type=codes.SCT.Lesion,
                algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
            )
        ],
        series_instance_uid=generate_uid(),
        series_number=20,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Phantoms",
        manufacturer_model_name="Hand",
        software_versions="1",
        device_serial_number="1",
        plane_positions=[hd.PlanePositionSequence("PATIENT", corner)],
        plane_orientation=hd.PlaneOrientationSequence("PATIENT", [*-row, *-column]),
        pixel_measures=hd.PixelMeasuresSequence([down, along], slice_thickness=1.0),
    )


def scene(name: str = PERSON["PatientName"], number: str = PERSON["PatientID"]) -> None:
    """Take in an axial and an oblique series, each outlined by a person, and let the cascade point at the block."""
    study, frame = generate_uid(), generate_uid()
    stacks = [
        viewer_scene.ct(study, date="20260301", frame=frame, slices=5),
        viewer_scene.oblique(study, generate_uid()),
    ]
    for stack in stacks:
        for ds in stack:
            ds.PatientName, ds.PatientID = name, number
            ds.StudyID, ds.AccessionNumber, ds.StudyTime, ds.SliceThickness = "1", "", "", 1
    viewer_scene.taken_in([ds for stack in stacks for ds in [*stack, segmentation(stack)]])
    for stack in stacks:
        series = Series.objects.get(series_instance_uid=stack[0].SeriesInstanceUID)
        image = series.instances.all()[MARKED]
        run = factories.run_of(series, outcome="findings", modality="CT", region="abdomen")
        factories.stage(run, "tumour-boxes", "Tumour detector", model="tumour-detector", threshold=0.35)
        factories.finding(
            run,
            instance=image,
            index=MARKED,
            box=list(BLOCK),
            mask=block(),
            label_title="Suspected block",
            experimental="Drawn by code.",
        )


if __name__ == "__main__":
    scene(*sys.argv[1:])
