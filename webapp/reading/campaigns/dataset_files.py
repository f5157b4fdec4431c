"""A set as the folder that ``ml.lab.data`` reads: manifest.csv, boxes.csv, images, masks; beside them campaign.json.

Nothing in it says who somebody is: no name, number, UID or date; pictures are pixels alone.
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
MODALITIES = {said: modality for modality, words in HEADERS.items() for said in words}
UNFIT = "Its outline does not fit the exported picture."
BARE = "Pictures without a header are not exported: their pixels may show a name."


@dataclass(frozen=True)
class Held:
    """A picture in the folder: its name there, its digest, its size, and the name of its outline; "" for none."""

    row: ConsensusRow
    name: str
    sha256: str
    width: int
    height: int
    mask: str = ""


def held(row: ConsensusRow, made: ConsensusSet) -> tuple[Held, Mapping[str, bytes]]:
    """Return the picture of a row, the frame that was read, and its files by their names: PNG, and PNG of its outline.

    Raises
    ------
    workers.api.Refused
        If it may not leave, or cannot be drawn.
    """
    if row.refused:
        raise api.Refused(row.refused)
    content = _bare(row, made) if row.case.instance.series.is_picture else _nameless(row, made)
    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
    place = f"{collection_of(made)}/{row.case.number:04}.png"
    name, mask = f"images/{place}", f"masks/{place}" if row.mask else ""
    files = {name: content} | ({mask: _outline(row, width, height)} if mask else {})
    return Held(row, name, hashlib.sha256(content).hexdigest(), width, height, mask), files


def _outline(row: ConsensusRow, width: int, height: int) -> bytes:
    """Return the PNG of the outline of a row, which lies over its picture pixel for pixel: white inside."""
    try:
        mask = mask_read(row.mask)
    except MaskError as error:
        raise api.Refused(str(error)) from None
    if mask.shape != (height, width):
        raise api.Refused(UNFIT)
    return mask_png(mask)


def _bare(row: ConsensusRow, made: ConsensusSet) -> bytes:
    """Draw a picture that came without a header: it leaves where a person answers for it alone."""
    if not made.looked_through:
        raise api.Refused(BARE)
    case = row.case
    return render_frame(case.instance, number=case.frame, name=frame_name(case.instance, case.frame)).read_bytes()


def _nameless(row: ConsensusRow, made: ConsensusSet) -> bytes:
    """Draw the frame from the object without identities (PS3.15 annex E): what that leaves behind cannot show."""
    asked = api.Asked(
        secret=pseudonym_secret(f"campaign {made.campaign_id}"),
        person=person_key(row.case.series.study),
        options=api.Options(looked_through=made.looked_through),
    )
    scratch, drawn = storage.temporary(), storage.temporary()
    try:
        api.deidentify(storage.object_path(row.case.instance.sha256), asked=asked, out=scratch)
        api.draw(scratch, frame=row.case.frame, out=drawn)
        return drawn.read_bytes()
    finally:
        scratch.unlink(missing_ok=True)
        drawn.unlink(missing_ok=True)


def collection_of(made: ConsensusSet) -> str:
    """Return the name of a set among collections of pictures."""
    return f"{slugify(made.campaign.name)[:40] or 'campaign'}-v{made.number}"


def manifest_of(pictures: Sequence[Held], made: ConsensusSet) -> str:
    """Return manifest.csv, in the columns of the data that the shipped models are trained on."""
    source = f"readroom/{collection_of(made)}"
    lines = []
    for one in pictures:
        row, kind = one.row, kind_of(one.row.case.series)
        lines.append(
            [one.name, one.sha256, one.width, one.height, kind.modality, kind.region, kind.plane, row.label, one.mask,
             len(row.boxes), row.group, source, "", "not stated: ask the site", row.by, row.split]
        )  # fmt: skip
    return _csv([MANIFEST, *lines])


def boxes_of(pictures: Sequence[Held]) -> str:
    """Return boxes.csv."""
    return _csv([BOXES, *([one.name, one.row.label, *box] for one in pictures for box in one.row.boxes)])


def campaign_of(made: ConsensusSet, pictures: Sequence[Held], stayed: Sequence[str]) -> str:
    """Return campaign.json: the question, who labelled and how far they agree, what stayed."""
    campaign = made.campaign
    rules = settings_of(campaign.site_id)
    told = {
        "campaign": campaign.name,
        "version": made.number,
        "digest": made.digest,
        "question": campaign.question,
        "answers": campaign.answers,
        "asks_boxes": campaign.asks_boxes,
        "asks_outlines": campaign.asks_outlines,
        "readers_per_case": campaign.readers_per_case,
        "least_overlap": rules.least_overlap,
        "least_dice": rules.least_dice,
        "picked": _picked(campaign),
        "agreement": made.summary,
        "pictures": len(pictures),
        "stayed": {reason: list(stayed).count(reason) for reason in sorted(set(stayed))},
        "looked_through": made.looked_through,
        "provenance": PROVENANCE,
        "use": USE,
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


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


def _picked(campaign: Campaign) -> dict[str, object]:
    """Return how cases were picked, but for the words: they are a person's."""
    return {name: value for name, value in campaign.selection.items() if name != "words"}


@dataclass(frozen=True)
class Kind:
    """What a picture shows, in the manifest's words."""

    modality: str
    region: str
    plane: str


def kind_of(series: Series) -> Kind:
    """Return what a series shows, as its newest answer says."""
    run = Run.objects.filter(series=series, state=Run.State.DONE).order_by("-created_at").first()
    stated = MODALITIES.get(series.modality, series.modality)
    return Kind(run.modality or stated, run.region, run.plane) if run else Kind(stated, "", "")


def _csv(rows: Sequence[Sequence[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
