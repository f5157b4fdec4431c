"""The declared cascade, for pages that draw it; a broken one is a sentence, never a page that fails."""

from dataclasses import dataclass, field

from workers import api


@dataclass(frozen=True)
class Declared:
    """The cascade as declared now, or the operator's sentence of why it cannot be loaded."""

    stages: list[api.DrawnStage] = field(default_factory=list)
    digest: str = ""
    trouble: str = ""


def load_cascade() -> Declared:
    """Return the declared cascade. Pictures can be read while it is broken."""
    try:
        return Declared(stages=api.pathways_drawn(), digest=api.cascade_digest())
    except (api.WeightsError, api.PathwayError) as trouble:
        return Declared(trouble=f"The cascade cannot be loaded, so nothing is analysed now: {trouble}")
