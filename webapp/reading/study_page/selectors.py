"""Content of the study page: series, slices, findings, superseded answers, path; in a fixed number of queries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from webapp.foundation.core.formatting import Look, format_range, percent
from webapp.imaging.archive.models import Instance, Series, Study
from webapp.imaging.dicom_objects.models import ResultSet
from webapp.imaging.inference.cascade import Declared, load_cascade
from webapp.imaging.inference.cascade_graph import Graph, layout_graph
from webapp.imaging.inference.cascade_path import Step, build_path, stage_colours, steps_listed
from webapp.imaging.inference.measurement_presenters import MeasurementTable, measurement_table
from webapp.imaging.inference.models import Finding, Run, RunEvent, Stage
from webapp.imaging.inference.opinion_presenters import OpinionView, opinion_views
from webapp.imaging.inference.presenters import STATUSES
from webapp.imaging.inference.series_rows import SeriesRow, series_rows
from webapp.imaging.inference.series_status import LIVE, Status
from webapp.reading.reviews.presenters import ReadsView, ReviewView
from webapp.reading.study_page.pathway_lines import Line, layout_lines

#: Object and frame -> number of the slice, from 0, in the page's order.
FrameIndex = Mapping[tuple[UUID | None, int], int]
#: Colour of a finding whose label is no longer declared.
GREY = "#9aa7b4"


@dataclass(frozen=True)
class FindingView:
    """A finding as the page shows it, with the colour of its marks.

    `range` is how far its probability moved over slices and views, for a finding of whole slices.
    """

    number: int
    row: Finding
    slice: int
    colour: str
    threshold: float | None
    places: str
    range: str
    #: The user's review of it, and the reviews of others.
    review: ReviewView | None = None
    others: Sequence[ReviewView] = ()

    @property
    def measures(self) -> MeasurementTable | None:
        """The measurements of its outline; None where there is none."""
        return measurement_table(self.row)

    @property
    def opinions(self) -> list[OpinionView]:
        """Second opinions on it, each with its reasons."""
        return opinion_views(self.row)

    @property
    def is_whole(self) -> bool:
        """Whether the finding is of whole slices: then there is no box."""
        return self.row.box is None


@dataclass(frozen=True)
class SupersededAnswer:
    """A finished run that is not the newest of its series, and how many of the images it knew."""

    run: Run
    images: int

    @property
    def look(self) -> Look:
        """How its outcome is shown."""
        return STATUSES[Status(self.run.outcome)]


@dataclass(frozen=True)
class StudyView:
    """One series as the page shows it."""

    study: Study
    series: list[SeriesRow]
    chosen: SeriesRow | None
    slices: list[tuple[Instance, int]]
    findings: list[FindingView]
    stages: list[Stage]
    path: list[Step]
    events: list[RunEvent]
    declared: Declared
    #: The DICOM objects of the run, None where it is owed none.
    results: ResultSet | None
    earlier: list[SupersededAnswer]
    reads: ReadsView
    opened: Run | None = None

    @property
    def run(self) -> Run | None:
        """The run that is shown: a superseded one where that was opened, else the newest of the chosen series."""
        return self.opened or (self.chosen.run if self.chosen else None)

    @property
    def status(self) -> Status | None:
        """Status of the shown run, or of the series."""
        if self.opened:
            return Status(self.opened.outcome)
        return self.chosen.status if self.chosen else None

    @property
    def look(self) -> Look | None:
        """How the status is shown."""
        return STATUSES[self.status] if self.status else None

    @property
    def images_unseen(self) -> int:
        """How many images arrived after the shown run was requested."""
        if self.run is None:
            return 0
        images = {instance for instance, _frame in self.slices}
        return len(images) - images_before(images, self.run.created_at)

    @property
    def is_live(self) -> bool:
        """Whether this study may change while the page is open."""
        return not self.series or any(row.status in LIVE for row in self.series)

    @property
    def lines(self) -> list[Line]:
        """The path as it is drawn beside the picture."""
        return layout_lines(self.path)

    @property
    def graph(self) -> Graph:
        """The whole cascade with the path lit."""
        return layout_graph(self.declared.stages, self.steps)

    @property
    def steps(self) -> list[Step]:
        """The path as a plain list."""
        return steps_listed(self.path)

    @property
    def experimental(self) -> dict[str, str]:
        """Titles of the experimental steps that were taken, by what makes them so."""
        because: dict[str, list[str]] = {}
        for step in self.steps:
            if step.experimental:
                because.setdefault(step.experimental, []).append(step.title)
        return {reason: ", ".join(titles) for reason, titles in because.items()}

    @property
    def viewer(self) -> dict[str, Any]:
        """What the viewer draws, as JSON."""
        on_findings = {views.row.heat_map for views in self.findings}
        return {
            "series": str(self.chosen.series.pk) if self.chosen else "",
            "slices": [_slice(instance, frame) for instance, frame in self.slices],
            "findings": [_finding(views) for views in self.findings],
            "outlines": self._outlines,
            "heats": [
                {"title": step.title, "slice": step.heat_slice, "src": run_file(step.stage.run_id, step.stage.heat_map)}
                for step in ([] if self.reads.is_blinded else self.steps)
                if step.stage and step.heat_slice is not None and step.stage.heat_map not in on_findings
            ],
        }

    @property
    def _outlines(self) -> list[dict[str, Any]]:
        """Outlines by readers on this series, as JSON."""
        place = {(instance.pk, frame): index for index, (instance, frame) in enumerate(self.slices)}
        numbers = {views.row.pk: views.number for views in self.findings}
        return [
            {
                "slice": place[one.place],
                "mask": reverse("outline-mask", args=[self.study.pk, one.mark.pk, one.version.version]),
                "box": [edge + 0.5 for corner in one.version.points for edge in corner],
                "by": f"outlined by {'you' if by == 'You' else by}",
                "number": numbers.get(one.review.finding_id or 0),
                "title": one.review.label_title,
            }
            for by, one in self.reads.outlined
            if one.place in place and not one.is_empty
        ]


def load_study(*, study: Study, series: UUID | None, reads: ReadsView, requested: UUID | None = None) -> StudyView:
    """Return a study with one of its series opened: the requested one, else the most urgent that holds images.

    `requested` is the id of a superseded run to show instead of the newest; `reads` are the reads of the study.
    """
    rows = series_rows(Series.objects.filter(study=study).order_by("series_number", "last_arrival_at"))
    chosen = _chosen(rows, series, is_blinded=reads.is_blinded)
    newest = chosen.run if chosen else None
    declared = load_cascade()
    slices = slices_of(chosen.series) if chosen else []
    images = {instance for instance, _frame in slices}
    earlier = superseded_answers(series=chosen.series, newest=newest.pk, images=images) if chosen and newest else []
    opened = next((one.run for one in earlier if one.run.pk == requested), None)
    run = opened or newest
    stages = list(Stage.objects.filter(run=run)) if run else []
    # By object and frame, not by number: slices that came later, or could not be read, shift the numbers.
    place: FrameIndex = {(instance.pk, frame): index for index, (instance, frame) in enumerate(slices)}
    return StudyView(
        study=study,
        series=rows,
        chosen=chosen,
        slices=slices,
        findings=_findings(run, stages, place, stage_colours(declared.stages), reads)
        if run and not reads.is_blinded
        else [],
        stages=stages,
        path=build_path(
            declared=declared.stages,
            stages=stages,
            heat_slices=_heat_slices(stages, place),
            is_over=bool(run and run.finished_at),
        ),
        events=list(RunEvent.objects.filter(run=run).order_by("pk")) if run else [],
        declared=declared,
        results=ResultSet.objects.prefetch_related("series__series__instances").filter(run=run).first()
        if run
        else None,
        earlier=earlier,
        reads=reads,
        opened=opened,
    )


def slices_of(series: Series) -> list[tuple[Instance, int]]:
    """Return every frame of a series in slice order, as (instance, frame from 0)."""
    images = Instance.objects.filter(series=series, has_pixels=True)
    return [(instance, frame) for instance in images for frame in range(instance.number_of_frames)]


def run_file(run: UUID, name: str) -> str:
    """Return the address of a picture that a run drew, "" where it drew none."""
    return reverse("run-file", args=[run, name]) if name else ""


def _chosen(rows: list[SeriesRow], requested: UUID | None, *, is_blinded: bool) -> SeriesRow | None:
    for row in rows:
        if row.series.pk == requested:
            return row
    views = [row for row in rows if row.run is not None or row.status != Status.NOT_ANALYSED] or rows
    return max(views, key=lambda row: row.run.urgency if row.run and not is_blinded else 0, default=None)


def _heat_slices(stages: list[Stage], place: FrameIndex) -> dict[str, int]:
    places = {stage.name: place.get((stage.heat_map_instance_id, stage.heat_map_frame)) for stage in stages}
    return {name: index for name, index in places.items() if index is not None}


def _findings(
    run: Run, stages: list[Stage], place: FrameIndex, colours: Mapping[tuple[str, str], str], reads: ReadsView
) -> list[FindingView]:
    by_name = {stage.name: stage for stage in stages}
    views = []
    for number, row in enumerate(Finding.objects.filter(run=run), start=1):
        index = place.get((row.instance_id, row.frame), row.slice)
        stage = by_name.get(row.stage)
        views.append(
            FindingView(
                number=number,
                row=row,
                slice=index,
                colour=colours.get((row.stage, row.label), GREY),
                threshold=stage.threshold if stage else None,
                places=f"Slice {index + 1}" if len(place) > 1 else "",
                # The range is that of its stage's answer, which a finding of whole slices is.
                range=format_range(stage.probability_low, stage.probability_high, stage.views)
                if stage and row.box is None
                else "",
                review=reads.own_review(row.pk),
                others=reads.reviews_by_others(row.pk),
            )
        )
    return views


def _slice(instance: Instance, frame: int) -> dict[str, Any]:
    return {
        "src": reverse("frame", args=[instance.pk, frame]),
        "rows": instance.rows,
        "columns": instance.columns,
        "side": instance.laterality,
    }


def _finding(views: FindingView) -> dict[str, Any]:
    row = views.row
    shift = views.slice - row.slice
    return {
        "number": views.number,
        "title": row.label_title,
        "probability": percent(row.probability),
        "colour": views.colour,
        "slice": views.slice,
        "first": row.first_slice + shift,
        "last": row.last_slice + shift,
        "box": row.box,
        "mask": run_file(row.run_id, row.mask),
        "heat": run_file(row.run_id, row.heat_map),
    }


def superseded_answers(*, series: Series, newest: UUID, images: Collection[Instance]) -> list[SupersededAnswer]:
    """Return the superseded answers of a series, the last one first: one query."""
    runs = Run.objects.filter(series=series, state=Run.State.DONE).exclude(pk=newest).order_by("-created_at")
    return [SupersededAnswer(run, images_before(images, run.created_at)) for run in runs]


def images_before(images: Collection[Instance], moment: datetime) -> int:
    """Return how many images had arrived by then."""
    return sum(image.arrived_at <= moment for image in images)
