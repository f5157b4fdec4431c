"""The documents name what is there: the picture its apps, the index its decisions, the glossary its files."""

import re
from pathlib import Path

import pytest

from tests.architecture.house import FLOORS, PICTURE, apps_by_floor, house_drawn

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "docs" / "decisions"
PAGES = sorted(DECISIONS.glob("[0-9]*.md"))
GUIDES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture/README.md")]
STATE = re.compile(r"\*(Accepted|Superseded|In part superseded) .*\d{4}-\d{2}-\d{2}.*\*")


def test_the_picture_shows_the_apps_that_are_installed() -> None:
    floors = apps_by_floor()
    assert set(floors) == set(FLOORS)
    assert PICTURE.read_text(encoding="utf-8") == house_drawn(floors), "run python -m tests.architecture.house"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_decision_has_its_state_its_date_and_its_line_in_the_index(page: Path) -> None:
    assert any(STATE.fullmatch(line) for line in page.read_text().splitlines()[1:5])
    assert f"]({page.name})" in (DECISIONS / "README.md").read_text()


def test_links_in_the_guides_lead_somewhere() -> None:
    dead = [
        (guide.name, link)
        for guide in [*GUIDES, DECISIONS / "README.md"]
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", guide.read_text())
        if not (guide.parent / link).exists()
    ]
    assert dead == []


def test_files_that_the_guides_name_are_there() -> None:
    """Paths in backticks: from the top, or below ``webapp`` in the glossary; ``*`` stands for one of them."""
    gone = [
        (guide.name, word)
        for guide in [*GUIDES, ROOT / "docs" / "glossary.md"]
        for word in re.findall(r"`(?!DATA/)([\w*]+/[\w*./]+)`", guide.read_text())
        if not any(True for base in (ROOT, ROOT / "webapp") for _ in base.glob(word.rstrip("/")))
    ]
    assert gone == []
