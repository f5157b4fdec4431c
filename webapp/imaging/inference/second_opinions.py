"""Reading what other roads say of a finding: second opinions, which are no findings and move no priority."""

from webapp.foundation.core.formatting import percent
from webapp.imaging.inference.models import Finding
from workers.contracts import OpinionAnswer

NO_PRIORITY = "It does not affect priority."


def opinions_of(finding: Finding) -> list[OpinionAnswer]:
    """Return the second opinions on a finding; none where there are none, or were none in those days."""
    return [OpinionAnswer.model_validate(opinion) for opinion in finding.opinions]


def sentences_of(told: OpinionAnswer) -> list[str]:
    """Say an opinion in sentences, for those who read no page of ours: the answer first, or that there is none."""
    by = f"Second opinion, {told.title} ({told.model} {told.version})"
    least = f" (told from {percent(told.threshold)})" if told.threshold is not None else ""
    answer = (
        f"{told.label_title}, {percent(told.probability)}{least}"
        if told.label
        else f"no answer. {told.reason}".rstrip(".")
    )
    experimental = f"Experimental: {told.experimental}" if told.experimental else ""
    return [word for word in (f"{by}: {answer}.", told.why, told.beside, experimental, NO_PRIORITY) if word]
