"""The diagram of the architecture in ``docs/architecture``, drawn from the apps that are installed.

Run ``python -m tests.architecture.house`` after an app was added, moved or renamed.
"""

import os
import re
from collections import defaultdict
from pathlib import Path
from xml.sax.saxutils import escape

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "architecture" / "house.svg"
FLOORS = {
    "administration": "operates Readroom",
    "exchange": "other systems",
    "reading": "clinical reading",
    "imaging": "images and results",
    "foundation": "shared by all apps",
}
PARTS_OF_ML = {"lab": "training, evaluation", "cascade": "inference", "deid": "de-identification", "dicomio": "parsing"}
WIDTH, MARGIN, ROW, CHIP, GAP = 980, 20, 34, 26, 8
STYLE = (
    "text{font:14px system-ui,sans-serif;fill:#1c2733}.name{font-weight:600}.quiet{fill:#5a6b7b;font-size:12px}"
    "rect{rx:6px;fill:#eef3f7;stroke:#b9c7d3}.app{fill:#fff}.room{fill:#e3edf5}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.quiet{fill:#9fb0bf}rect{fill:#1b242d;stroke:#3b4a58}"
    ".app{fill:#243040}.room{fill:#202c38}}"
)


def apps_by_floor() -> dict[str, list[str]]:
    """Return the names of our installed apps, by the floor they lie on, in the order of the settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    from webapp.settings import INSTALLED_APPS  # noqa: PLC0415 - settings want the variable

    floors: defaultdict[str, list[str]] = defaultdict(list)
    for app in INSTALLED_APPS:
        if found := re.fullmatch(r"webapp\.(\w+)\.(\w+)", app):
            floors[found[1]].append(found[2])
    return dict(floors)


def _rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}"/>'


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{escape(words)}</text>'


def _chips(names: list[str], *, x: float, y: float, width: float) -> tuple[list[str], float]:
    """Return boxes with a name each, in rows, and the height of all rows."""
    drawn, left, top = [], x, y
    for name in names:
        wide = 18 + 8.6 * len(name)
        if left + wide > x + width:
            left, top = x, top + ROW
        drawn += [_rect(left, top, wide, CHIP, "app"), _text(left + 8, top + 18, name)]
        left += wide + GAP
    return drawn, top - y + ROW


def house_drawn(floors: dict[str, list[str]]) -> str:
    """Return the picture as SVG: web on top of its floors, beside them workers and the parts of ml."""
    wide = 640
    drawn, y = [_text(MARGIN, 30, "webapp: people and records (Django); imports go down", "name")], 44.0
    drawn += [_rect(MARGIN, y, wide, 40, "room"), _text(MARGIN + 12, y + 25, "web", "name")]
    drawn.append(_text(MARGIN + 150, y + 25, "base templates, navigation", "quiet"))
    y += 48
    for floor, purpose in FLOORS.items():
        chips, height = _chips(floors[floor], x=MARGIN + 150, y=y + 8, width=wide - 160)
        height = max(height + 8, 52)
        drawn += [_rect(MARGIN, y, wide, height, "room"), _text(MARGIN + 12, y + 24, floor, "name"), *chips]
        drawn.append(_text(MARGIN + 12, y + 41, purpose, "quiet") if len(purpose) < 20 else "")
        y += height + 8
    bottom = y
    x = MARGIN + wide + 30
    drawn += [_text(x, 30, "workers: queue, contracts, storage", "name"), _rect(x, 44, 270, 60, "room")]
    drawn += [
        _text(x + 12, 70, "attempts, wake-ups, the data folder", "quiet"),
        _text(x + 12, 90, "no Django", "quiet"),
    ]
    drawn.append(_text(x, 140, "ml: pixels and networks", "name"))
    top = 152.0
    for part, purpose in PARTS_OF_ML.items():
        drawn += [_rect(x, top, 270, 40, "room"), _text(x + 12, top + 25, part, "name")]
        drawn.append(_text(x + 100, top + 25, purpose, "quiet"))
        top += 48
    height = max(bottom, top) + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label="The layers of webapp with their apps; workers; the parts of ml">\n<style>{STYLE}</style>\n'
        + "\n".join(part for part in drawn if part)
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    PICTURE.write_text(house_drawn(apps_by_floor()), encoding="utf-8")
