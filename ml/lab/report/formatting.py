"""How numbers and states are written in the report."""

import math
from collections.abc import Sequence

from ml.lab.evaluate.figures import Figure

NOTHING = "-"


def number_told(value: float) -> str:
    """Three digits behind the point, as the papers have it."""
    return NOTHING if math.isnan(value) else f"{value:.3f}"


def interval_told(figure: Figure) -> str:
    """Its 95% interval."""
    if math.isnan(figure.low) or math.isnan(figure.high):
        return NOTHING
    return f"{number_told(figure.low)} to {number_told(figure.high)}"


def figure_told(figure: Figure) -> str:
    """Value, interval and n in one breath, for sentences."""
    return f"{number_told(figure.value)} (95% interval {interval_told(figure)}, n = {figure.n})"


def cells_told(figure: Figure) -> list[str]:
    """Value, interval and n as three cells."""
    return [number_told(figure.value), interval_told(figure), str(figure.n)]


def cell_told(figure: Figure) -> str:
    """Value, interval and n in one cell."""
    return f"{number_told(figure.value)} ({interval_told(figure)}; n = {figure.n})"


def minutes_told(seconds: float) -> str:
    """A duration, in minutes below two hours."""
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def megabytes_told(count: float) -> str:
    """A size in MB (10^6 bytes), in kB where that would be nothing."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def marked(texts: Sequence[str], notes: list[str]) -> str:
    """The marks of footnotes, added to `notes` where they are new: ``[1] [2]``."""
    for text in texts:
        if text not in notes:
            notes.append(text)
    return " ".join(f"\\[{notes.index(text) + 1}\\]" for text in texts)


def percent_cells(figure: Figure) -> list[str]:
    """Value, interval and n as three cells, in percent as the cards have them."""

    def shown(value: float) -> str:
        return NOTHING if math.isnan(value) else f"{value * 100:.1f}%"

    return [shown(figure.value), f"{shown(figure.low)} to {shown(figure.high)}", str(figure.n)]
