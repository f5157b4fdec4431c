"""Where something lies, in a reader's words: "series 3, slices 10 to 16"."""

from collections.abc import Mapping
from uuid import UUID

from webapp.imaging.annotations.models import Annotation
from webapp.imaging.annotations.mpr import plane_words
from webapp.imaging.archive.models import Instance, Study
from webapp.imaging.inference.models import Finding


class Places:
    """The slices of a study, counted as its pages count them: from 1, in the order of the series. One query."""

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

    def of_finding(self, finding: Finding) -> str:
        """Say where the AI points; late slices shift its numbers."""
        here = self._at.get((finding.instance_id, finding.frame), finding.slice + 1)
        first, last = (here + number - finding.slice for number in (finding.first_slice, finding.last_slice))
        slices = f"slice {here}" if first == last else f"slices {first} to {last}, clearest on {here}"
        return self._told(finding.instance_id, slices)

    def of_mark(self, mark: Annotation) -> str:
        """Say where a person drew: on which slice, or on a cut in which plane."""
        if mark.normal is not None:
            name = self._names.get(mark.series_id, "") if len(self._counted) > 1 else ""
            return ", ".join(word for word in (name, plane_words(mark.normal)) if word)
        return self.of_image(*mark.place)

    def of_image(self, instance: UUID, frame: int) -> str:
        """Say which slice an image is; `frame` counts from 0."""
        here = self._at.get((instance, frame))
        return self._told(instance, f"slice {here}") if here else ""

    def _told(self, instance: UUID, slices: str) -> str:
        series, name = self._series.get(instance, (None, ""))
        words = [name if len(self._counted) > 1 else "", slices if series and self._counted[series] > 1 else ""]
        return ", ".join(word for word in words if word)
