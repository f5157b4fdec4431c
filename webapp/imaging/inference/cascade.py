"""The declared cascade, for the pages that draw it; if it cannot be loaded, they show a sentence instead of failing."""

from dataclasses import dataclass, field

from workers import api


@dataclass(frozen=True)
class Declared:
    """The cascade as currently declared, or a sentence for the operator stating why it cannot be loaded."""

    stages: list[api.DrawnStage] = field(default_factory=list)
    digest: str = ""
    trouble: str = ""


def load_cascade() -> Declared:
    """Return the declared cascade; never fails, so that images can be read even while the cascade is broken."""
    try:
        return Declared(stages=api.pathways_drawn(), digest=api.cascade_digest())
    except (api.WeightsError, api.PathwayError) as trouble:
        return Declared(trouble=f"The cascade cannot be loaded, so nothing is analysed now: {trouble}")
