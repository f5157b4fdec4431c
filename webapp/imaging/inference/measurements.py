"""Reading what was measured of a finding."""

from dataclasses import dataclass, field

from webapp.imaging.inference.models import Finding
from workers.contracts import FigureAnswer, MeasuresAnswer

LONGEST, PERPENDICULAR, AREA, VOLUME = "longest_diameter", "perpendicular_diameter", "largest_area", "volume"
#: Those that say how large a lesion is; all others describe it.
SIZES = (LONGEST, PERPENDICULAR, AREA, VOLUME)


@dataclass(frozen=True)
class Measurement:
    """The figures of a finding by name; none where nothing was outlined, or measured in those days."""

    is_calibrated: bool = False
    notes: tuple[str, ...] = ()
    figures: dict[str, FigureAnswer] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.figures)


def measurements_of(finding: Finding) -> Measurement:
    """Return what was measured of a finding."""
    if not finding.measures:
        return Measurement()
    told = MeasuresAnswer.model_validate(finding.measures)
    return Measurement(told.is_calibrated, tuple(told.notes), {one.name: one for one in told.figures})
