"""Reads the stored measurements of a finding."""

from dataclasses import dataclass, field

from webapp.imaging.inference.models import Finding
from workers.contracts import FigureAnswer, MeasuresAnswer

LONGEST, PERPENDICULAR, AREA, VOLUME = "longest_diameter", "perpendicular_diameter", "largest_area", "volume"
#: The measurements that state a lesion's size; all others are radiomics features.
SIZES = (LONGEST, PERPENDICULAR, AREA, VOLUME)


@dataclass(frozen=True)
class Measurement:
    """The measurements of a finding, by name; none if it was not outlined, or predates measurements."""

    is_calibrated: bool = False
    notes: tuple[str, ...] = ()
    figures: dict[str, FigureAnswer] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.figures)


def measurements_of(finding: Finding) -> Measurement:
    """Return the measurements of a finding; without figures if there are none."""
    if not finding.measures:
        return Measurement()
    told = MeasuresAnswer.model_validate(finding.measures)
    return Measurement(told.is_calibrated, tuple(told.notes), {one.name: one for one in told.figures})
