"""What readers said of findings, where it is known."""

from dataclasses import dataclass

from webapp.monitoring.asked import Asked


@dataclass(frozen=True)
class Agreement:
    """Judged findings of one model version: how often readers agreed. Never by reader."""

    model: str
    version: str
    agreed: int
    disagreed: int


def agreement_list(asked: Asked) -> list[Agreement]:  # noqa: ARG001 - what will be counted once readings are kept
    """Return agreement by model version: none, for no reader's judgement is recorded yet."""
    return []
