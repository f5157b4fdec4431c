"""A worklist with one study of every kind, for screenshots and for eyes.

Run it by ``python -m tests.webapp.scenes.worklist all``.
"""

import os
import sys
from datetime import date

import numpy as np
from numpy.typing import NDArray

if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    django.setup()

from django.utils import timezone

from tests.webapp import factories
from tests.webapp.scenes import pictures as drawn
from tests.webapp.scenes.campaigns import campaigned
from tests.webapp.scenes.exports import leaving
from tests.webapp.scenes.followup import followed
from tests.webapp.scenes.reporting import reported
from tests.webapp.scenes.routing import network
from tests.webapp.scenes.shift import shift
from webapp.imaging.archive.models import Series
from webapp.imaging.inference.models import Run, Stage
from webapp.imaging.inference.state_machine import run_move
from workers import api

NOT_RUN = Stage.Status.NOT_RUN


def spot(rows: int, columns: int, *, at: tuple[float, float], size: float) -> NDArray[np.float32]:
    """Return a round heat map."""
    y, x = drawn.grid(rows, columns)
    return np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / size**2).astype(np.float32)


def digest() -> str:
    """Return the digest of the cascade that the pages draw."""
    return api.cascade_digest()


def add_stage(run: Run, name: str, title: str, label: str, probability: float, **fields: object) -> Stage:
    """Add a stage that answered."""
    words = {"label": label, "label_title": label.capitalize() if label.islower() else label}
    return factories.stage(
        run, name, title, probability=probability, **{"threshold": 0.5, "ms": 14.2, **words, **fields}
    )


def general(run: Run, *, modality: str, title: str, probability: float = 0.98, header: str = "") -> None:
    """Add the first two stages."""
    add_stage(
        run,
        "gate",
        "Medical image?",
        "medical",
        0.997,
        label_title="Yes",
        threshold=0.6,
        ms=18.4,
        header_says="medical" if header else "",
    )
    add_stage(
        run,
        "modality",
        "Modality",
        modality,
        probability,
        ms=1.1,
        header_says=header,
        label_title=title,
        alternatives=[[modality, probability], ["CT" if modality != "CT" else "MR", 0.01]],
    )


def skip_stages(run: Run, *names: str) -> None:
    """Add stages that were not asked."""
    titles = {
        "xray-part": "Body part",
        "fracture-boxes": "Fracture detector",
        "mri-region": "Region",
        "plane": "Plane",
        "tumour-boxes": "Tumour detector",
        "tumour-outline": "Tumour outline",
    }
    for name in names:
        factories.stage(run, name, titles[name], status=NOT_RUN, reason="Not asked: for another kind of image.")


def brain_with_tumour() -> Series:
    """An MRI whose middle slices show a tumour, boxed and outlined; its header fits."""
    someone = factories.patient("Phantom^Petra", birth_date=date(1961, 4, 9))
    study = factories.study(
        patient=someone, study_date=date(2026, 11, 20), description="MRI head", accession_number="A-2211"
    )
    series = factories.series_of(
        study, series_number=3, modality="MR", description="t1 tra post contrast", body_part="BRAIN"
    )
    slices = [
        factories.slice_instance(
            series=series,
            pixels=drawn.brain(height=0.15 + number / 34, tumour=9 <= number <= 15, seed=number),
            position=3.0 * number,
            PixelSpacing=[0.9, 0.9],
        )
        for number in range(24)
    ]
    run = factories.run_of(
        series,
        outcome="findings",
        modality="MR",
        region="brain",
        plane="axial",
        urgency=3,
        total_ms=612.0,
        urgency_reason="Suspected brain tumour, 93%",
        pathways=["general", "mri", "mri-brain", "slices"],
        cascade_digest=digest(),
    )
    general(run, modality="MR", title="MRI", header="MR")
    add_stage(run, "mri-region", "Region", "brain", 0.996, pathway="mri", header_says="brain", ms=0.9)
    add_stage(run, "plane", "Plane", "axial", 0.94, pathway="slices", header_says="axial", ms=0.8)
    add_stage(
        run,
        "tumour-boxes",
        "Tumour detector",
        "Suspected brain tumour",
        0.93,
        pathway="mri-brain",
        model="tumour-detector",
        threshold=0.35,
        ms=301.5,
        heat_map_slice=12,
        heat_map_instance=slices[12],
        heat_map=factories.heat_map(run, "tumour-boxes.png", spot(256, 256, at=(-0.22, 0.3), size=0.3)),
    )
    add_stage(
        run,
        "tumour-outline",
        "Tumour outline",
        "1 of 2 outlined",
        0.91,
        pathway="mri-brain",
        model="tumour-segmenter",
        ms=188.0,
    )
    against = (
        "The two disagree: Kind of tumour (tumour-type) says Glioma; the features say Meningioma. "
        "Please judge for yourself."
    )
    opinions = [
        factories.opinion(beside=against, disagrees=True),
        factories.opinion(
            label=None, label_title="Unsure", probability=0.71, measured="an ellipse in the box on slice 6",
            reason="Meningioma is the likeliest at 71%, under the threshold of 93%.", base=-1.8,
            beside="Kind of tumour (tumour-type) says Glioma.",
        ),
    ]  # fmt: skip
    add_stage(
        run, "tumour-type", "Kind of tumour", "glioma", 0.91, pathway="mri-tumour-type", model="tumour-type",
        threshold=0.86, experimental="Two sets of one origin.",
    )  # fmt: skip
    add_stage(
        run, "tumour-features", "Kind, by features", "meningioma", 0.96, pathway="mri-tumour-features", ms=9.1,
        model="tumour-kind-boxes", threshold=0.93, experimental=opinions[0]["experimental"],
        reason=f"{opinions[0]['why']} {against}",
    )  # fmt: skip
    skip_stages(run, "xray-part", "fracture-boxes")
    factories.finding(
        run,
        opinions=opinions[:1],
        instance=slices[12],
        index=12,
        first_slice=9,
        last_slice=15,
        probability=0.93,
        box=[144.0, 77.0, 186.0, 121.0],
        mask=drawn.tumour_mask(),
        measures=factories.measures(np.stack([drawn.tumour_mask()] * 7), spacing=(0.9, 0.9)),
        heat_map=factories.heat_map(run, "finding-1-heat.png", spot(256, 256, at=(-0.22, 0.3), size=0.2)),
        sentence="Area suspicious of a tumour, upper right in the picture, 42 x 44 pixels, slices 10 to 16.",
    )
    factories.finding(
        run,
        opinions=opinions[1:],
        instance=slices[5],
        index=5,
        probability=0.41,
        box=[88.0, 150.0, 112.0, 170.0],
        sentence="Area suspicious of a tumour, in the lower part of the picture, 24 x 20 pixels, slice 6.",
    )
    localiser = factories.series_of(study, series_number=1, modality="MR", description="localiser", body_part="BRAIN")
    factories.slice_instance(series=localiser, pixels=drawn.brain(height=0.5), position=0)
    nothing = factories.run_of(
        localiser,
        outcome="negative",
        modality="MR",
        region="brain",
        plane="sagittal",
        urgency_reason="Nothing found",
        total_ms=41.0,
    )
    general(nothing, modality="MR", title="MRI", header="MR")
    notes = factories.series_of(study, series_number=9, modality="SR", description="dose report")
    factories.report_instance(series=notes)
    Series.objects.filter(pk=notes.pk).update(analysis_requested_at=notes.last_arrival_at)
    factories.arrived(study, minutes=11)
    return series


def broken_forearm() -> Series:
    """An X-ray picture without a header, a fracture boxed."""
    series = factories.picture_series(pixels=drawn.forearm())
    run = factories.run_of(
        series,
        outcome="findings",
        modality="XR",
        region="forearm",
        urgency=2,
        urgency_reason="Suspected fracture, 71%",
        total_ms=166.0,
        pathways=["general", "xray", "xray-bone"],
        cascade_digest=digest(),
    )
    general(run, modality="XR", title="X-ray", probability=0.99)
    add_stage(
        run,
        "xray-part",
        "Body part",
        "forearm",
        0.83,
        pathway="xray",
        ms=0.9,
        heat_map_slice=0,
        heat_map_instance=series.instances.get(),
        heat_map=factories.heat_map(run, "xray-part.png", spot(560, 380, at=(0.1, 0.0), size=0.5)),
    )
    add_stage(
        run,
        "fracture-boxes",
        "Fracture detector",
        "Suspected fracture",
        0.71,
        pathway="xray-bone",
        model="fracture-detector",
        threshold=0.3,
        ms=96.0,
    )
    skip_stages(run, "mri-region", "plane", "tumour-boxes", "tumour-outline")
    factories.finding(
        run,
        instance=series.instances.get(),
        stage="fracture-boxes",
        label="fracture",
        label_title="Suspected fracture",
        probability=0.71,
        box=[118.0, 205.0, 196.0, 262.0],
        sentence="Area suspicious of a fracture, on the left of the picture, 78 x 57 pixels.",
    )
    factories.arrived(series.study, minutes=4)
    return series


def contradicting_chest() -> Series:
    """A chest X-ray whose header says hand."""
    study = factories.study(
        patient=factories.patient("Muster^Max^^Dr", sex="M", birth_date=date(1990, 12, 1)),
        description="Hand p.a.",
        study_date=date(2026, 11, 21),
    )
    series = factories.series_of(study, series_number=1, modality="DX", description="hand p.a.", body_part="HAND")
    factories.slice_instance(series=series, pixels=drawn.chest(), position=0)
    reason = "The header says Hand, the picture looks like Chest (97%). The header is followed; please check."
    run = factories.run_of(
        series,
        outcome="negative",
        modality="XR",
        region="hand",
        urgency=1,
        urgency_reason="Header and picture disagree",
        contradictions=[f"Body part: {reason}"],
        total_ms=120.0,
        cascade_digest=digest(),
    )
    general(run, modality="XR", title="X-ray", header="XR")
    add_stage(
        run,
        "xray-part",
        "Body part",
        "hand",
        0.02,
        pathway="xray",
        header_says="hand",
        contradiction=True,
        reason=reason,
        alternatives=[["chest", 0.97], ["hand", 0.02]],
    )
    add_stage(
        run,
        "fracture-boxes",
        "Fracture detector",
        "Nothing found",
        0.08,
        pathway="xray-bone",
        model="fracture-detector",
        threshold=0.3,
        ms=97.0,
        reason="No box reaches the threshold on the picture.",
    )
    skip_stages(run, "mri-region", "plane", "tumour-boxes", "tumour-outline")
    factories.arrived(study, minutes=26)
    return series


def bleeding_head() -> Series:
    """A head CT on which an experimental pathway found something without saying where."""
    someone = factories.patient("Probe^Paula", birth_date=date(1948, 2, 17))
    study = factories.study(patient=someone, study_date=date(2026, 11, 21), description="CT head")
    series = factories.series_of(study, series_number=2, modality="CT", description="head axial", body_part="HEAD")
    slices = [
        factories.slice_instance(
            series=series, pixels=drawn.brain(height=0.2 + number / 20, tumour=4 <= number <= 7), position=5.0 * number
        )
        for number in range(12)
    ]
    because = "Trained on 200 pictures of one source that names no patients; no other source has judged it."
    run = factories.run_of(
        series,
        outcome="findings",
        modality="CT",
        region="head",
        plane="axial",
        urgency=1,
        total_ms=148.0,
        urgency_reason="Suspected haemorrhage, 72%, experimental",
        pathways=["general", "slices", "ct", "head-ct"],
        cascade_digest=digest(),
    )
    general(run, modality="CT", title="CT", header="CT")
    add_stage(
        run, "plane", "Plane", "axial", 0.94, pathway="slices",
        probability_low=0.62, probability_high=0.993, views=25,
    )  # fmt: skip
    add_stage(
        run, "ct-region", "Region", "head", 0.97, pathway="ct", header_says="head", ms=0.2,
        probability_low=0.9, probability_high=0.985, views=25,
    )  # fmt: skip
    add_stage(
        run,
        "haemorrhage",
        "Haemorrhage",
        "haemorrhage",
        0.72,
        pathway="head-ct",
        model="head-haemorrhage",
        threshold=0.31,
        ms=88.0,
        label_title="Suspected haemorrhage",
        probability_low=0.6,
        probability_high=0.81,
        views=5,
        experimental=because,
        heat_map_slice=5,
        heat_map_instance=slices[5],
        heat_map=factories.heat_map(run, "haemorrhage.png", spot(256, 256, at=(-0.22, 0.3), size=0.35)),
    )
    skip_stages(run, "xray-part", "fracture-boxes", "mri-region", "tumour-boxes", "tumour-outline")
    factories.finding(
        run,
        instance=slices[5],
        index=5,
        first_slice=4,
        last_slice=7,
        stage="haemorrhage",
        label="haemorrhage",
        label_title="Suspected haemorrhage",
        probability=0.72,
        box=None,
        heat_map="haemorrhage.png",
        experimental=because,
        sentence="Suspicious of a haemorrhage, whole slices were judged, slices 5 to 8, clearest on 6.",
    )
    factories.arrived(study, minutes=7)
    return series


def unfinished(name: str, state: str, minutes: float) -> None:
    """An MRI whose run is not over."""
    someone = factories.patient(name, sex="M")
    study = factories.study(patient=someone, description="MRI head")
    series = factories.series_of(study, modality="MR", description="t2 tra")
    for number in range(3):
        factories.slice_instance(series=series, pixels=drawn.brain(height=0.3 + number / 10), position=number)
    factories.run_of(series, state=state, started_at=timezone.now() if state == Run.State.RUNNING else None)
    factories.arrived(study, minutes=minutes)


def others() -> None:
    """The remaining states: sorted only, not analysed, failed, queued, running, receiving."""
    fan = factories.picture_series(pixels=drawn.fan())
    run = factories.run_of(
        fan,
        outcome="sorted_only",
        modality="US",
        urgency_reason="Classified only: no finding was looked for",
        total_ms=22.0,
        reason="Sorted as Ultrasound. No model here looks for findings in it.",
        cascade_digest=digest(),
    )
    general(run, modality="US", title="Ultrasound")
    skip_stages(run, "xray-part", "fracture-boxes", "mri-region", "plane", "tumour-boxes", "tumour-outline")
    factories.arrived(fan.study, minutes=47)

    letter = factories.picture_series(pixels=drawn.page())
    reason = "The picture does not look like a medical image of a kind that the models know (2%, threshold 60%)."
    run = factories.run_of(
        letter,
        outcome="not_analysed",
        urgency=1,
        urgency_reason="Not analysed: needs a person",
        reason=reason,
        cascade_digest=digest(),
        total_ms=19.0,
    )
    add_stage(
        run,
        "gate",
        "Medical image?",
        "other",
        0.02,
        status=Stage.Status.NOT_SUITABLE,
        label_title="No",
        reason=reason,
        threshold=0.6,
    )
    skip_stages(run, "xray-part", "fracture-boxes", "mri-region", "plane", "tumour-boxes", "tumour-outline")
    factories.arrived(letter.study, minutes=33)

    broken = factories.series_of(
        factories.study(patient=factories.patient("Beispiel^Berta"), description="MRI knee"),
        modality="MR",
        description="pd sag",
    )
    factories.slice_instance(series=broken, pixels=drawn.brain(height=0.4), position=0)
    factories.run_of(
        broken,
        state=Run.State.QUARANTINED,
        outcome="failed",
        failures=3,
        attempt=3,
        urgency=1,
        urgency_reason="Analysis failed: needs a person",
        reason="Failed 3 times. The worker stopped before the run finished.",
    )
    factories.arrived(broken.study, minutes=18)

    unfinished("Warte^Wilma", Run.State.QUEUED, 2)
    unfinished("Lauf^Lars", Run.State.RUNNING, 1.5)

    coming = factories.series_of(
        factories.study(patient=factories.patient("Ankunft^Anna"), description="CT thorax"),
        modality="CT",
        description="thorax axial",
    )
    for number in range(5):
        factories.slice_instance(series=coming, pixels=drawn.brain(height=0.3 + number / 10), position=number)
    factories.arrived(coming.study, minutes=0.2)


def scene() -> None:
    """Make all of it."""
    brain_with_tumour()
    broken_forearm()
    contradicting_chest()
    others()


def one_more_running() -> None:
    """Start one more run."""
    unfinished("Nachher^Nora", Run.State.RUNNING, 0)


def finish_running() -> None:
    """Let every running run end with nothing found, as housekeeping does."""
    for run in Run.objects.filter(state=Run.State.RUNNING):
        run_move(
            run=run.pk,
            event="finish",
            from_state=run.state,
            attempt=run.attempt,
            changes={"outcome": "negative", "finished_at": timezone.now(), "modality": "MR", "region": "brain"},
        )


#: What can be made to happen from outside: ``python -m tests.webapp.scenes.worklist WORD``.
EVENTS = {
    "all": scene,
    "assessed": bleeding_head,
    "urgent": brain_with_tumour,
    "running": one_more_running,
    "finish": finish_running,
    "network": network,
    "followed": followed,
    "leaving": leaving,
    "shift": shift,
    "reported": reported,
    "campaigned": campaigned,
}

if __name__ == "__main__":
    EVENTS[sys.argv[1]]()
