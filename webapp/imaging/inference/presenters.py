"""The texts that pages show for the AI's statuses, urgencies and outcomes."""

from webapp.foundation.core.formatting import Look
from webapp.imaging.archive.models import Series
from webapp.imaging.archive.presenters import MODALITIES
from webapp.imaging.inference.models import Run
from webapp.imaging.inference.series_status import Status

STATUSES: dict[Status, Look] = {
    Status.FINDINGS: Look("Findings", "findings", "The AI marked something."),
    Status.NEGATIVE: Look("Nothing found", "negative", "Looked for and not found. This does not rule it out."),
    Status.SORTED_ONLY: Look(
        "Classified only", "sorted_only", "The kind of image is known; no finding was looked for."
    ),
    Status.NOT_ANALYSED: Look("Not analysed", "not_analysed", "The AI gives no result, for the reason stated."),
    Status.FAILED: Look("Failed", "failed", "The analysis failed three times and waits for a person."),
    Status.QUEUED: Look("Queued", "queued", "Waiting in the queue."),
    Status.RUNNING: Look("Running", "running", "Is being analysed now."),
    Status.RECEIVING: Look("Receiving", "receiving", "Images are still arriving."),
}

URGENCIES: dict[int, Look] = {
    3: Look("Look first", "first", "Look at this first."),
    2: Look("Soon", "soon", "Look at this soon."),
    1: Look("Attention", "next", "Something here needs a person."),
    0: Look("Routine", "routine", "Nothing raised its priority."),
}

STAGE_LOOKS: dict[str, Look] = {
    "done": Look("Done", "negative", "This step answered."),
    "not_run": Look("Not run", "not_run", "This step did not run."),
    "not_suitable": Look("Not suitable", "not_analysed", "This step ran and declined to answer."),
    "failed": Look("Failed", "failed", "This step failed."),
    "waiting": Look("Not run yet", "queued", "This step has not run yet."),
}

#: The first sentence of the study page, by status.
OUTCOMES: dict[Status, str] = {
    Status.FINDINGS: "Please review the list. Each finding is a suspicion, not a diagnosis.",
    Status.NEGATIVE: "Findings were looked for and none was found. This does not rule out disease.",
    Status.SORTED_ONLY: "The kind of image was recognised. No finding was looked for, so none can be ruled out.",
    Status.NOT_ANALYSED: "The AI gives no result for this image. Read it without AI.",
    Status.FAILED: "The analysis failed. This says nothing about the image.",
    Status.QUEUED: "The analysis is queued. The images can be read meanwhile.",
    Status.RUNNING: "The analysis is running. The images can be read meanwhile.",
    Status.RECEIVING: "Images are still arriving. The analysis starts a few seconds after the last one.",
}

#: Overlays that can be drawn on an image: name, title, and the key that toggles it.
LAYERS = (
    ("box", "Boxes", "b"),
    ("mask", "Masks", "m"),
    ("heat", "Heat map", "h"),
    ("outline", "Readers' outlines", "l"),
)


def describe_kind(series: Series, run: Run | None) -> list[str]:
    """Return what a series shows: modality, body part and plane, from its run if that has a result, else its header."""
    answered = run is not None and bool(run.modality)
    stated = "" if series.is_picture else series.modality  # a wrapped picture's Modality is OT, which says nothing
    modality = run.modality if run is not None and answered else stated
    part = run.region if run is not None and answered else series.body_part.lower()
    plane = run.plane if run is not None and answered else ""
    words = [MODALITIES.get(modality, modality), part.replace("_", " ").capitalize(), plane.capitalize()]
    return [word for word in words if word] or ["Type not known yet" if run is None else "Type not known"]
