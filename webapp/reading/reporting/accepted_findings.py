"""Lines of a report: the findings that its reader accepts, and their own measurements, with the slices they lie on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from webapp.foundation.accounts.models import User
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.mpr import plane_words
from webapp.imaging.annotations.selectors import annotation_list
from webapp.imaging.archive.models import Instance, Study
from webapp.imaging.inference.measurement_presenters import size_line
from webapp.imaging.inference.measurements import measurements_of
from webapp.imaging.inference.models import Finding
from webapp.reading.reviews.models import Read, Review
from webapp.reading.reviews.selectors import Accepted, accepted, findings_to_review

#: Figures of an annotation in their order: name, and the format of the unit behind the number.
FIGURE_FORMATS = (("length", " {}"), ("angle", "°"), ("value", ""), ("area", " {}²"), ("mean", ""), ("volume", " {}³"))
NOT_CALIBRATED = " (not calibrated)"


@dataclass(frozen=True)
class Statement:
    """One accepted finding, stored with the report that is signed. All of it is JSON.

    Attributes
    ----------
    title, ai_title
        The reader's words for it; the AI's label, "" where the AI did not find it.
    place, figures
        In words, or "".
    review, finding, mark, mark_version
        Numbers and ids of the rows behind it; None where there is none.
    outlines
        What the reader drew of it, one an image, in the order in which they drew: {"mark", "version", "sha256"}.
    """

    says: str
    title: str
    ai_title: str
    place: str
    figures: str
    review: int
    finding: int | None
    mark: str | None
    mark_version: int | None
    outlines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def line(self) -> str:
        """Return it as a line of the report."""
        return format_line(self.title, self.place, self.figures)

    def serialize(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class PrefillLine:
    """A line that may be added to a report, and the words by which it is recognised in a text."""

    line: str
    words: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Say whether some line of a text contains all of these words."""
        lines = text.casefold().splitlines()
        return any(all(word.casefold() in line for word in self.words) for line in lines)


class SliceLabels:
    """Labels of slices, such as "series 3, slices 10 to 16", numbered as the pages number them, from 1. One query."""

    def __init__(self, study: Study) -> None:
        at: dict[tuple[UUID, int], int] = {}
        series: dict[UUID, tuple[UUID, str]] = {}
        counted: dict[UUID, int] = {}
        images = Instance.objects.filter(series__study=study, has_pixels=True, series__result=None)
        for image in images.select_related("series"):
            for frame in range(image.number_of_frames):
                counted[image.series_id] = counted.get(image.series_id, 0) + 1
                at[(image.pk, frame)] = counted[image.series_id]
            number = image.series.series_number
            series[image.pk] = (image.series_id, f"series {number}" if number is not None else "an unnumbered series")
        self._names = dict(series.values())
        self._at: Mapping[tuple[UUID, int], int] = at
        self._series = series
        self._counted = counted

    def finding_label(self, finding: Finding) -> str:
        """Return the slices of a finding; slices that arrived later shift the numbers of its run."""
        here = self._at.get((finding.instance_id, finding.frame), finding.slice + 1)
        first, last = (here + number - finding.slice for number in (finding.first_slice, finding.last_slice))
        slices = f"slice {here}" if first == last else f"slices {first} to {last}, clearest on {here}"
        return self._join(finding.instance_id, slices)

    def annotation_label(self, mark: Annotation) -> str:
        """Return the slice of an annotation, or the plane of its cut."""
        if mark.normal is not None:
            name = self._names.get(mark.series_id, "") if len(self._counted) > 1 else ""
            return ", ".join(word for word in (name, plane_words(mark.normal)) if word)
        return self.image_label(*mark.place)

    def image_label(self, instance: UUID, frame: int) -> str:
        """Return the slice of an image; `frame` counts from 0."""
        here = self._at.get((instance, frame))
        return self._join(instance, f"slice {here}") if here else ""

    def _join(self, instance: UUID, slices: str) -> str:
        series, name = self._series.get(instance, (None, ""))
        words = [name if len(self._counted) > 1 else "", slices if series and self._counted[series] > 1 else ""]
        return ", ".join(word for word in words if word)


def accepted_statements(read: Read | None) -> list[Statement]:
    """Return the accepted findings of a read as statements, in the order of `accepted`."""
    if read is None:
        return []
    labels = SliceLabels(read.study)
    return [_statement(one, labels) for one in accepted(read)]


def prefill_lines(*, study: Study, user: User, read: Read | None) -> list[PrefillLine]:
    """Return the prefilled lines of the findings: accepted findings, then the reader's other measurements."""
    statements = accepted_statements(read)
    lines = [PrefillLine(one.line, _nonempty(one.title, one.place)) for one in statements]
    used = {one.mark for one in statements}
    labels = SliceLabels(study)
    for now in annotation_list(study=study):
        if now.mark.author_id == user.pk and str(now.mark_id) not in used and (now.figures or now.text):
            figures, place = format_figures(now), labels.annotation_label(now.mark)
            title = now.text or Annotation.Kind(now.mark.kind).label
            lines.append(PrefillLine(format_line(title, place, figures), _nonempty(title, place, figures)))
    return lines


def rejected_lines(read: Read | None) -> list[str]:
    """Return the lines of findings that a reader does not (any more) accept: a report must not contain them."""
    if read is None:
        return []
    labels, accepted_ids = SliceLabels(read.study), {one.finding for one in accepted_statements(read)}
    rejected = [finding for finding in findings_to_review(read.study) if finding.pk not in accepted_ids]
    # With the size, and without it: drafts from before sizes were shown.
    return [
        format_line(one.label_title, labels.finding_label(one), size)
        for one in rejected
        for size in dict.fromkeys((_format_ai_size(one), ""))
    ]


def format_line(title: str, place: str, figures: str) -> str:
    """Return one line: title, place, figures."""
    where = f" ({place})" if place else ""
    return f"{title}{where}{f': {figures}' if figures else ''}."


def format_figures(now: AnnotationVersion) -> str:
    """Return the figures of an annotation with their units, as the viewer shows them."""
    words = []
    for name, sign in FIGURE_FORMATS:
        if name in now.figures:
            label = f"{name} " if name in {"mean", "area"} else ""
            words.append(f"{label}{now.figures[name]:.1f}{sign.format(now.unit)}")
    is_size = any(name in now.figures for name in ("length", "area"))
    return ", ".join(words) + (NOT_CALIBRATED if is_size and now.unit == AnnotationVersion.Unit.PX else "")


def _statement(one: Accepted, labels: SliceLabels) -> Statement:
    mark, finding = one.mark, one.finding
    if mark:
        place, figures = labels.annotation_label(mark.mark), format_figures(mark)
    else:
        place = labels.finding_label(finding) if finding and not one.is_nowhere else ""
        figures = _format_ai_size(finding) if finding and one.review.says == Review.Decision.AGREE else ""
    return Statement(
        says=one.review.says,
        title=one.title,
        ai_title=finding.label_title if finding else "",
        place=place,
        figures=figures,
        review=one.review.pk,
        finding=finding.pk if finding else None,
        mark=str(mark.mark_id) if mark else None,
        mark_version=mark.version if mark else None,
        outlines=[
            {"mark": str(drawn.mark.pk), "version": drawn.version.version, "sha256": drawn.version.mask}
            for drawn in one.outlines
        ],
    )


def _format_ai_size(finding: Finding) -> str:
    """Return the size of the AI's outline in words; "" where there is none."""
    size = size_line(measurements_of(finding))
    return f"{size} by the AI's outline" if size else ""


def _nonempty(*words: str) -> tuple[str, ...]:
    return tuple(word for word in words if word)
