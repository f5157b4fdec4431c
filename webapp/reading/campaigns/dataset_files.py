"""Files of a training set, as ``ml.lab.data`` reads them: manifest.csv, boxes.csv, images, masks, and campaign.json.

Nothing in them identifies anybody: no name, number, UID or date; pictures are pixels alone.
"""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.text import slugify
from PIL import Image

from webapp.imaging.annotations.masks import MaskError, mask_png, mask_read
from webapp.imaging.archive.models import Series
from webapp.imaging.archive.pseudonyms import person_key, pseudonym_secret
from webapp.imaging.inference.image_views import frame_name, render_frame
from webapp.imaging.inference.models import Run
from webapp.reading.campaigns.case_selection import HEADERS
from webapp.reading.campaigns.models import Campaign, ConsensusRow, ConsensusSet
from webapp.reading.worklist.services import settings_of
from workers import api, storage

MANIFEST = (
    "path", "sha256", "width", "height", "modality", "region", "plane", "finding", "mask", "boxes", "group", "source",
    "source_path", "licence", "note", "split",
)  # fmt: skip
BOXES = ("path", "label", "x0", "y0", "x1", "y1")
MODALITIES = {word: modality for modality, words in HEADERS.items() for word in words}
UNFIT = "Its outline does not fit the exported picture."
HEADERLESS = "Pictures without a header are not exported: their pixels may show a name."


@dataclass(frozen=True)
class DatasetPicture:
    """A picture in the folder: its name there, its digest, its size, and the name of its outline; "" for none."""

    row: ConsensusRow
    name: str
    sha256: str
    width: int
    height: int
    mask: str = ""


def load_picture(row: ConsensusRow, dataset: ConsensusSet) -> tuple[DatasetPicture, Mapping[str, bytes]]:
    """Return the picture of a row, and its files by name: PNG of the frame that was read, and PNG of its outline.

    Raises
    ------
    workers.api.Refused
        If it may not be exported, or cannot be drawn.
    """
    if row.refused:
        raise api.Refused(row.refused)
    content = (
        _draw_headerless(row, dataset) if row.case.instance.series.is_picture else _draw_deidentified(row, dataset)
    )
    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
    place = f"{collection_name(dataset)}/{row.case.number:04}.png"
    name, mask = f"images/{place}", f"masks/{place}" if row.mask else ""
    files = {name: content} | ({mask: _outline(row, width, height)} if mask else {})
    return DatasetPicture(row, name, hashlib.sha256(content).hexdigest(), width, height, mask), files


def _outline(row: ConsensusRow, width: int, height: int) -> bytes:
    """Return the PNG of the outline of a row, which lies over its picture pixel for pixel: white inside."""
    try:
        mask = mask_read(row.mask)
    except MaskError as error:
        raise api.Refused(str(error)) from None
    if mask.shape != (height, width):
        raise api.Refused(UNFIT)
    return mask_png(mask)


def _draw_headerless(row: ConsensusRow, dataset: ConsensusSet) -> bytes:
    """Draw a picture that came without a header: exported only where a person vouches for it."""
    if not dataset.looked_through:
        raise api.Refused(HEADERLESS)
    case = row.case
    return render_frame(case.instance, number=case.frame, name=frame_name(case.instance, case.frame)).read_bytes()


def _draw_deidentified(row: ConsensusRow, dataset: ConsensusSet) -> bytes:
    """Draw the frame from the de-identified object (PS3.15 annex E), so that removed overlays cannot show."""
    asked = api.Asked(
        secret=pseudonym_secret(f"campaign {dataset.campaign_id}"),
        person=person_key(row.case.series.study),
        options=api.Options(looked_through=dataset.looked_through),
    )
    scratch, drawn = storage.temporary(), storage.temporary()
    try:
        api.deidentify(storage.object_path(row.case.instance.sha256), asked=asked, out=scratch)
        api.draw(scratch, frame=row.case.frame, out=drawn)
        return drawn.read_bytes()
    finally:
        scratch.unlink(missing_ok=True)
        drawn.unlink(missing_ok=True)


def collection_name(dataset: ConsensusSet) -> str:
    """Return the name of a set as a collection of pictures."""
    return f"{slugify(dataset.campaign.name)[:40] or 'campaign'}-v{dataset.number}"


def format_manifest(pictures: Sequence[DatasetPicture], dataset: ConsensusSet) -> str:
    """Return manifest.csv, in the columns of the data that the shipped models are trained on."""
    source = f"readroom/{collection_name(dataset)}"
    lines = []
    for one in pictures:
        row, kind = one.row, picture_kind(one.row.case.series)
        lines.append(
            [one.name, one.sha256, one.width, one.height, kind.modality, kind.region, kind.plane, row.label, one.mask,
             len(row.boxes), row.group, source, "", "not stated: ask the site", row.by, row.split]
        )  # fmt: skip
    return _csv([MANIFEST, *lines])


def format_boxes(pictures: Sequence[DatasetPicture]) -> str:
    """Return boxes.csv."""
    return _csv([BOXES, *([one.name, one.row.label, *box] for one in pictures for box in one.row.boxes)])


def format_campaign(dataset: ConsensusSet, pictures: Sequence[DatasetPicture], refusals: Sequence[str]) -> str:
    """Return campaign.json: the question, agreement of the readers, and refused pictures."""
    campaign = dataset.campaign
    rules = settings_of(campaign.site_id)
    description = {
        "campaign": campaign.name,
        "version": dataset.number,
        "digest": dataset.digest,
        "question": campaign.question,
        "answers": campaign.answers,
        "asks_boxes": campaign.asks_boxes,
        "asks_outlines": campaign.asks_outlines,
        "readers_per_case": campaign.readers_per_case,
        "least_overlap": rules.least_overlap,
        "least_dice": rules.least_dice,
        "picked": _selection(campaign),
        "agreement": dataset.summary,
        "pictures": len(pictures),
        "stayed": {reason: list(refusals).count(reason) for reason in sorted(set(refusals))},
        "looked_through": dataset.looked_through,
        "provenance": PROVENANCE,
        "use": USE,
    }
    return json.dumps(description, indent=1, ensure_ascii=False) + "\n"


PROVENANCE = {
    "finding": "the readers' label: agreed by all who read the picture, or decided by a third (column note)",
    "mask": "the third's outline, or every pixel that at least half of the agreeing readers' outlines hold (majority "
    "voting at 50 %); white inside, over the picture pixel for pixel; all black: readers say that there is nothing to "
    "outline; none: no outline was asked for",
    "boxes": "the third's, or the mean of the boxes that agreeing readers drew; pixels of the picture",
    "modality, region, plane": "as the cascade's newest answer names them; without one the header's modality",
    "group": "pseudonym of the patient; a patient stays in one split in all versions of the campaign",
    "picture": "the frame that was read, as it was shown; the middle of its series; pixels alone",
}
USE = "Set READROOM_DATA_SET to this folder and run: python -m ml.lab.train CONFIG. Research use, not for diagnosis."


def _selection(campaign: Campaign) -> dict[str, object]:
    """Return how cases were selected, without the search words, which a person typed."""
    return {name: value for name, value in campaign.selection.items() if name != "words"}


@dataclass(frozen=True)
class PictureKind:
    """Modality, region and plane of a picture, in the manifest's terms."""

    modality: str
    region: str
    plane: str


def picture_kind(series: Series) -> PictureKind:
    """Return the kind of a series, by its newest run."""
    run = Run.objects.filter(series=series, state=Run.State.DONE).order_by("-created_at").first()
    stated = MODALITIES.get(series.modality, series.modality)
    return PictureKind(run.modality or stated, run.region, run.plane) if run else PictureKind(stated, "", "")


def _csv(rows: Sequence[Sequence[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
