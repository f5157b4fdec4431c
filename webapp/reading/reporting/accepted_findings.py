"""What a reader answers for, as lines of a report: the findings they accepted, and what they measured themselves."""

from dataclasses import asdict, dataclass, field
from typing import Any

from webapp.foundation.accounts.models import User
from webapp.imaging.annotations.models import Annotation, AnnotationVersion
from webapp.imaging.annotations.selectors import annotation_list
from webapp.imaging.archive.models import Study
from webapp.imaging.inference.measurement_presenters import size_line
from webapp.imaging.inference.measurements import measurements_of
from webapp.imaging.inference.models import Finding
from webapp.reading.reporting.slice_labels import Places
from webapp.reading.reviews.models import Read, Review
from webapp.reading.reviews.selectors import Accepted, accepted, findings_to_review

#: Figures of a mark in the order in which they are told: name, sign behind the number by unit.
FIGURES = (("length", " {}"), ("angle", "°"), ("value", ""), ("area", " {}²"), ("mean", ""), ("volume", " {}³"))
NOT_CALIBRATED = " (not calibrated)"


@dataclass(frozen=True)
class Statement:
    """One accepted finding, kept with the report that is signed. All of it is JSON.

    Attributes
    ----------
    title, ai_title
        What it is in the reader's words; what the AI called it, "" where it did not see it.
    place, figures
        In words; "" where there is nothing to say.
    verdict, finding, mark, mark_version
        Numbers and ids of the rows behind it; None where there is none.
    outlines
        What the reader drew of it, one an image, in the order in which they drew: {"mark", "version", "sha256"}.
    """

    says: str
    title: str
    ai_title: str
    place: str
    figures: str
    verdict: int
    finding: int | None
    mark: str | None
    mark_version: int | None
    outlines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def line(self) -> str:
        """Return it as a line of the report."""
        return line_of(self.title, self.place, self.figures)

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Filled:
    """A line that may be put into a report, and the words by which it is known to stand there already."""

    line: str
    words: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Say whether some line of a text holds all of these words, whatever was typed around them."""
        lines = text.casefold().splitlines()
        return any(all(word.casefold() in line for word in self.words) for line in lines)


def statements_of(read: Read | None) -> list[Statement]:
    """Return what a read accepts, in the order of `accepted`; nothing of what it disagrees with."""
    if read is None:
        return []
    places = Places(read.study)
    return [_statement(one, places) for one in accepted(read)]


def prefill_lines(*, study: Study, user: User, read: Read | None) -> list[Filled]:
    """Return what the findings of a report begin with: accepted findings, then the reader's other measurements."""
    stated = statements_of(read)
    lines = [Filled(one.line, _words(one.title, one.place)) for one in stated]
    used = {one.mark for one in stated}
    places = Places(study)
    for now in annotation_list(study=study):
        if now.mark.author_id == user.pk and str(now.mark_id) not in used and (now.figures or now.text):
            figures, place = figures_told(now), places.of_mark(now.mark)
            title = now.text or Annotation.Kind(now.mark.kind).label
            lines.append(Filled(line_of(title, place, figures), _words(title, place, figures)))
    return lines


def lines_refused(read: Read | None) -> list[str]:
    """Return the lines of findings that a reader does not accept (any more): they must not stand in a report."""
    if read is None:
        return []
    places, kept = Places(read.study), {one.finding for one in statements_of(read)}
    left = [finding for finding in findings_to_review(read.study) if finding.pk not in kept]
    # As a report began with it, and as it may stand there from before sizes were told.
    return [
        line_of(one.label_title, places.of_finding(one), size)
        for one in left
        for size in dict.fromkeys((_size_by_ai(one), ""))
    ]


def line_of(title: str, place: str, figures: str) -> str:
    """Return one line: what, where, how large."""
    where = f" ({place})" if place else ""
    return f"{title}{where}{f': {figures}' if figures else ''}."


def figures_told(now: AnnotationVersion) -> str:
    """Return the figures of a mark with their units, as the viewer shows them."""
    words = []
    for name, sign in FIGURES:
        if name in now.figures:
            label = f"{name} " if name in {"mean", "area"} else ""
            words.append(f"{label}{now.figures[name]:.1f}{sign.format(now.unit)}")
    is_size = any(name in now.figures for name in ("length", "area"))
    return ", ".join(words) + (NOT_CALIBRATED if is_size and now.unit == AnnotationVersion.Unit.PX else "")


def _statement(one: Accepted, places: Places) -> Statement:
    mark, finding = one.mark, one.finding
    if mark:
        place, figures = places.of_mark(mark.mark), figures_told(mark)
    else:
        place = places.of_finding(finding) if finding and not one.is_nowhere else ""
        figures = _size_by_ai(finding) if finding and one.review.says == Review.Decision.AGREE else ""
    return Statement(
        says=one.review.says,
        title=one.title,
        ai_title=finding.label_title if finding else "",
        place=place,
        figures=figures,
        verdict=one.review.pk,
        finding=finding.pk if finding else None,
        mark=str(mark.mark_id) if mark else None,
        mark_version=mark.version if mark else None,
        outlines=[
            {"mark": str(drawn.mark.pk), "version": drawn.version.version, "sha256": drawn.version.mask}
            for drawn in one.outlines
        ],
    )


def _size_by_ai(finding: Finding) -> str:
    """Return how large the outline is that the AI drew, and whose it is; "" where there is none."""
    size = size_line(measurements_of(finding))
    return f"{size} by the AI's outline" if size else ""


def _words(*words: str) -> tuple[str, ...]:
    return tuple(word for word in words if word)
