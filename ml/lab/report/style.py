"""How every drawing of the report looks: one palette, text that stays text, dark where the reader's page is dark."""

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from matplotlib.typing import RcKeyType

from ml.lab.report.svg import GRID, INK, PAPER, svg_small

#: Told apart by the colour-blind too (after Okabe and Ito 2008), each at least 3 to 1 on both papers.
PALETTE = ("#2f7ec0", "#d55e00", "#1f9070", "#b8569a", "#8a7a00", "#7a6fd0", "#6f7b8a")
#: Of points, by series.
MARKS = ("o", "s", "^", "D", "v", "P", "X")
#: Laid over matplotlib's own settings by each drawing: ``@mpl.rc_context(STYLE)``.
STYLE: dict[RcKeyType, Any] = {
    "svg.hashsalt": "readroom",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": PAPER,
    "axes.titlesize": 11.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=PALETTE),
    "figure.facecolor": PAPER,
    "grid.color": GRID,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "text.color": INK,
    "xtick.bottom": False,
    "ytick.left": False,
    "xtick.color": INK,
    "ytick.color": INK,
}


def canvas(*, panels: int = 1, across: int = 2, width: float = 8.6, height: float = 3.4) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels.

    Parameters
    ----------
    across
        Panels in a row.
    width, height
        Of the figure, and of a row of panels, in inches.
    """
    across = min(across, panels)
    down = -(-panels // across)
    figure = Figure(figsize=(width, height * down), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False).ravel().tolist()
    for spare in axes[panels:]:
        spare.remove()
    return figure, axes[:panels]


def svg_of(figure: Figure) -> str:
    """The figure as SVG text: no date, so that the same numbers give the same bytes; small, dark at night."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return svg_small(stream.getvalue())
