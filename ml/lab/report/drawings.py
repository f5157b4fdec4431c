"""Drawings of figures: values with intervals, against their cost, confusion matrices; each returns SVG text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from ml.lab.evaluate.figures import Figure
from ml.lab.report.style import MARKS, PALETTE, STYLE, canvas, svg_of
from ml.lab.report.svg import GRID, INK

#: Numbers on the cells of a matrix, whose colours are the same by day and by night.
LIGHT, DARK = "#fdfdfd", "#101010"


@dataclass(frozen=True)
class Dot:
    """A figure in a dot plot: its line, what it belongs to, its value with the interval."""

    line: str
    series: str
    figure: Figure


@mpl.rc_context(STYLE)
def dots_drawn(dots: Sequence[Dot], *, x_title: str, published: Mapping[str, Sequence[float]] | None = None) -> str:
    """Draw values with their 95% intervals, a line for each name, a colour and a mark for each series.

    Parameters
    ----------
    published
        Values of papers by line, drawn as hollow stars.
    """
    lines = list(dict.fromkeys(dot.line for dot in dots))
    series = list(dict.fromkeys(dot.series for dot in dots))
    figure, (axes,) = canvas(height=0.9 + 0.3 * max(len(lines), 2))
    for number, name in enumerate(series):
        own = [dot for dot in dots if dot.series == name]
        aside = (number - (len(series) - 1) / 2) * min(0.22, 0.6 / len(series))
        places = [lines.index(dot.line) + aside for dot in own]
        reach = np.array([_reach(dot.figure) for dot in own]).T
        values = [dot.figure.value for dot in own]
        mark, colour = MARKS[number % len(MARKS)], PALETTE[number % len(PALETTE)]
        axes.errorbar(values, places, xerr=reach, fmt=mark, color=colour, label=name, capsize=2, markersize=5)
    stars = [(value, lines.index(line)) for line, values in (published or {}).items() for value in values]
    if stars:
        across, down = zip(*stars, strict=True)
        axes.scatter(across, down, marker="*", s=70, facecolors="none", edgecolors=INK, label="published", zorder=3)
    axes.set_yticks(range(len(lines)), lines)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_xlabel(x_title)
    axes.grid(axis="x")
    if len(series) > 1 or stars:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return svg_of(figure)


@mpl.rc_context(STYLE)
def against_drawn(points: Mapping[str, tuple[float, Figure]], *, x_title: str, y_title: str) -> str:
    """Draw a figure with its interval against what it costs, a named point for each model."""
    figure, (axes,) = canvas(width=6.4, height=3.6)
    for number, (name, (cost, value)) in enumerate(points.items()):
        reach = np.array([_reach(value)]).T
        mark, colour = MARKS[number % len(MARKS)], PALETTE[number % len(PALETTE)]
        axes.errorbar([cost], [value.value], yerr=reach, fmt=mark, color=colour, capsize=2, label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel=x_title, ylabel=y_title)
    axes.grid(visible=True)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return svg_of(figure)


@mpl.rc_context(STYLE)
def confusions_drawn(tables: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """Draw confusion matrices: rows are the truth, the darker the larger a cell's share of its row."""
    figure, panels = canvas(panels=len(tables), height=3.9)
    for axes, (title, rows) in zip(panels, tables.items(), strict=True):
        counts = np.array([[int(cell) for cell in row[1:]] for row in rows[1:]])
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors=GRID, linewidth=0.4)
        for (down, across), count in np.ndenumerate(counts):
            if count:
                colour = LIGHT if shares[down, across] > 0.55 else DARK
                axes.text(across + 0.5, down + 0.5, str(count), ha="center", va="center", color=colour, fontsize=8)
        middles = np.arange(len(counts)) + 0.5
        axes.set_xticks(middles, rows[0][1:], rotation=45, ha="right")
        axes.set_yticks(middles, [row[0] for row in rows[1:]])
        axes.invert_yaxis()
        axes.set_aspect("equal")
        axes.set(title=title, xlabel="said", ylabel="truth")
    return svg_of(figure)


def _reach(figure: Figure) -> tuple[float, float]:
    """How far the interval reaches below and above the value."""
    return max(0.0, figure.value - figure.low), max(0.0, figure.high - figure.value)
