"""Second opinions on a finding. They are not findings, and they do not affect priority."""

from webapp.foundation.core.formatting import percent
from webapp.imaging.inference.models import Finding
from workers.contracts import OpinionAnswer

NO_PRIORITY = "It does not affect priority."


def opinions_of(finding: Finding) -> list[OpinionAnswer]:
    """Return the second opinions on a finding; an empty list if it has none, or predates them."""
    return [OpinionAnswer.model_validate(opinion) for opinion in finding.opinions]


def sentences_of(told: OpinionAnswer) -> list[str]:
    """Return an opinion in sentences, for reports read outside Readroom: first its answer, or that it has none."""
    by = f"Second opinion, {told.title} ({told.model} {told.version})"
    least = f" (told from {percent(told.threshold)})" if told.threshold is not None else ""
    answer = (
        f"{told.label_title}, {percent(told.probability)}{least}"
        if told.label
        else f"no answer. {told.reason}".rstrip(".")
    )
    experimental = f"Experimental: {told.experimental}" if told.experimental else ""
    return [word for word in (f"{by}: {answer}.", told.why, told.beside, experimental, NO_PRIORITY) if word]
