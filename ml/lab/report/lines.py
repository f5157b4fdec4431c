"""Drawings of lines: learning curves, ROC, reliability, FROC, histograms, searches; each returns SVG text."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ml.lab.evaluate.report import Chart
from ml.lab.report.style import MARKS, PALETTE, STYLE, canvas, svg_of

#: Points of a line that are drawn: more cannot be seen, and each costs bytes.
POINTS = 60
#: Up to so many, each point of a line has its mark.
FEW = 30
#: Of the lines that come when the colours are used up.
DASHES = ("-", "--", ":")
Point = tuple[float, float]


@mpl.rc_context(STYLE)
def charts_drawn(charts: Sequence[Chart]) -> str:
    """Draw the charts of a report side by side: ROC, reliability, FROC, histograms."""
    figure, panels = canvas(panels=len(charts))
    for axes, chart in zip(panels, charts, strict=True):
        if chart.diagonal:
            axes.plot([0, 1], [0, 1], color=PALETTE[-1], linestyle="--", linewidth=1)
        for number, (name, points) in enumerate(chart.lines.items()):
            _line(axes, name, thinned(points), number, stepped="in steps" in chart.note)
        axes.set(title=chart.title, xlabel=chart.x_title, ylabel=chart.y_title)
        axes.grid(visible=True)
        if len(chart.lines) > 1:
            axes.legend()
    return svg_of(figure)


@mpl.rc_context(STYLE)
def curves_drawn(runs: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Draw loss in training and score on validation over the epochs of each run."""
    figure, panels = canvas(panels=2)
    for axes, column, where in zip(panels, ("loss", "score"), ("training", "validation"), strict=True):
        for number, (name, rows) in enumerate(runs.items()):
            points = [(row["epoch"], row[column]) for row in rows if {"epoch", column} <= set(row)]
            _line(axes, name, thinned(points), number)
        axes.set(title=f"{column}, {where}", xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=True)
    if len(runs) > 1:
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=3)
    return svg_of(figure)


@mpl.rc_context(STYLE)
def searched_drawn(scores: Sequence[float]) -> str:
    """Draw the score of each trial of a search, in the order tried, and the best so far."""
    figure, (axes,) = canvas(width=6.4, height=2.8)
    order = list(range(1, len(scores) + 1))
    axes.plot(order, scores, "o", color=PALETTE[0], label="trial")
    axes.step(order, np.maximum.accumulate(scores), where="post", color=PALETTE[1], label="best so far")
    axes.set(xlabel="trial", ylabel="score, validation")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True)
    axes.legend()
    return svg_of(figure)


def thinned(points: Sequence[Sequence[float]], most: int = POINTS) -> list[Point]:
    """At most so many points, evenly taken, the first and the last among them."""
    taken = np.unique(np.linspace(0, len(points) - 1, min(most, len(points))).round().astype(int))
    return [(points[i][0], points[i][1]) for i in taken]


def _line(axes: Axes, name: str, points: Sequence[Point], number: int, *, stepped: bool = False) -> None:
    across, down = ([point[i] for point in points] for i in (0, 1))
    mark = MARKS[number % len(MARKS)] if len(points) <= FEW and not stepped else ""
    style = "steps-mid" if stepped else "default"
    colour = PALETTE[number % len(PALETTE)]
    dashes = DASHES[number // len(PALETTE) % len(DASHES)]
    axes.plot(across, down, label=name, marker=mark, markersize=3.5, color=colour, drawstyle=style, linestyle=dashes)
