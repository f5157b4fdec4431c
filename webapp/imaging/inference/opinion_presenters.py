"""Second opinions on a finding, formatted as text and as bars that show what each feature contributed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from webapp.foundation.core.formatting import percent
from webapp.imaging.inference.models import Finding
from webapp.imaging.inference.second_opinions import opinions_of
from workers.contracts import OpinionAnswer, ReasonAnswer

MINUS = "\N{MINUS SIGN}"
#: Half of the drawing's width: bars for evidence against extend to the left, for evidence in favour to the right.
MIDDLE = 50.0
#: Odds beyond this are shown as "over": the model supports no stronger statement.
MOST_ODDS = 99


@dataclass(frozen=True)
class Bar:
    """One row of the table: a feature, its contribution, and its bar in a drawing 100 wide with 0 in the middle."""

    title: str
    meaning: str
    value: str
    usual: str
    added: str
    start: float
    width: float
    is_for: bool


@dataclass(frozen=True)
class OpinionView:
    """A second opinion on a finding, independent of the detector, formatted for display."""

    told: OpinionAnswer
    bars: Sequence[Bar]

    @property
    def answer(self) -> str:
        """The answer with its probability; without an answer, what the opinion leans towards."""
        if self.told.probability is None:
            return self.told.label_title
        if self.told.label:
            return f"{self.told.label_title} {percent(self.told.probability)}"
        return f"{self.told.label_title}; leans to {self.told.likeliest_title}, {percent(self.told.probability)}"

    @property
    def base(self) -> str:
        """The log odds before any feature is taken into account."""
        return _signed(self.told.base)

    @property
    def total(self) -> str:
        """The log odds with the contributions of all features."""
        return _signed(self._log_odds)

    @property
    def odds(self) -> str:
        """The same as odds: "8 to 1"."""
        odds = exp(min(self._log_odds, 20.0))
        return f"over {MOST_ODDS} to 1" if odds > MOST_ODDS else f"{odds:.2g} to 1"

    @property
    def _log_odds(self) -> float:
        return self.told.base + sum(one.contribution for one in self.told.reasons)


def opinion_views(finding: Finding) -> list[OpinionView]:
    """Return the second opinions on a finding, formatted for display."""
    return [OpinionView(one, _bars(one.reasons)) for one in opinions_of(finding)]


def _bars(reasons: Sequence[ReasonAnswer]) -> list[Bar]:
    longest = max((abs(one.contribution) for one in reasons), default=0.0) or 1.0
    return [_bar(one, longest) for one in reasons]


def _bar(reason: ReasonAnswer, longest: float) -> Bar:
    width = MIDDLE * abs(reason.contribution) / longest
    is_for = reason.contribution >= 0
    return Bar(
        title=reason.title,
        meaning=reason.meaning,
        value=_number(reason.value),
        usual=_number(reason.usual),
        added=_signed(reason.contribution),
        start=round(MIDDLE if is_for else MIDDLE - width, 1),
        width=round(width, 1),
        is_for=is_for,
    )


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", MINUS)
