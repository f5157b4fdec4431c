"""The documents name what exists: apps, decisions, links, paths, modules, commands and settings."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.house import FLOORS, PICTURE, apps_by_floor, house_drawn

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"
PAGES = sorted(DECISIONS.glob("[0-9]*.md"))
#: Written by hand; the pages of docs/models are generated, and their own tests look at them.
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted(file for file in DOCS.rglob("*.md") if file.parent.name not in {"models", "models-full"}),
    DOCS / "models" / "papers.md",
]
STATE = re.compile(r"\*(Accepted|Superseded|In part superseded) .*\d{4}-\d{2}-\d{2}.*\*")
PACKAGES = ("webapp", "workers", "ml", "tests", "deploy", "bench")
#: What a path may be relative to: the top, the apps, the viewer's sources.
BASES = [ROOT, ROOT / "webapp", ROOT / "webapp" / "reading" / "viewer" / "frontend" / "src"]
SUFFIXES = "py|ts|toml|md|json|csv|svg|png|html|js|css|txt|lock|xz|yml|sql"
PATH = re.compile(rf"[\w.*\[\]-]+(?:/[\w.*\[\]-]+)+/?|[\w-]+/|[\w.-]+\.(?:{SUFFIXES})")
#: Files and folders that only a running Readroom, a training run or a test makes; and what only looks like a path.
MADE_LATER = re.compile(
    r"DATA/.+|(?:done|refused|masks)/.*|test-results/.+|docs/models-full/|\./.+|held-out/[abc](?:-\w+)?"
    r"|(?:request|config|campaign)\.json|epochs\.csv|curves\.svg|NAME\..+|application/.+|import-x/.+|[\d./]+"
)


def _words(document: Path) -> Iterator[str]:
    """Yield what stands in backticks, outside of blocks."""
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", text)


def _commands(document: Path) -> str:
    """Return what stands in backticks, also over a line's end, and the indented blocks: where commands are."""
    text = document.read_text(encoding="utf-8")
    return "\n".join([*re.findall(r"`([^`]+)`", text), *re.findall(r"^    .+$", text, re.MULTILINE)])


@cache
def _folders() -> list[Path]:
    """Return all folders of our packages, without what is built or installed there."""
    folders = (folder for name in PACKAGES for folder in (ROOT / name).rglob("*") if folder.is_dir())
    return [folder for folder in folders if not {"node_modules", "__pycache__"} & set(folder.parts)]


def _is_there(path: str) -> bool:
    """Return whether a path, or the bare name of a file of ours, names something; `*` stands for one of them."""
    where = BASES if "/" in path.rstrip("/") else [*BASES, *_folders()]
    return any(True for base in where for _ in base.glob(path.rstrip("/")))


def test_the_picture_shows_the_apps_that_are_installed() -> None:
    floors = apps_by_floor()
    assert set(floors) == set(FLOORS)
    assert PICTURE.read_text(encoding="utf-8") == house_drawn(floors), "run python -m tests.architecture.house"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_decision_has_its_state_its_date_and_its_line_in_the_index(page: Path) -> None:
    title, *lines = page.read_text(encoding="utf-8").splitlines()
    number, name = re.fullmatch(r"# (\d+)\. (.+)", title).groups()  # type: ignore[union-attr]
    assert page.name.startswith(f"{int(number):04}-")
    assert any(STATE.fullmatch(line) for line in lines[:4])
    assert f"| {number} | [{name}]({page.name}) |" in (DECISIONS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    paths = {word for word in _words(document) if PATH.fullmatch(word) and not MADE_LATER.fullmatch(word)}
    assert sorted(path for path in paths if not _is_there(path)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_module_that_a_document_names_exists(document: Path) -> None:
    """A dotted name of ours leads to a module, or to a name that its module has."""
    dotted = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
    gone = []
    for name in {word for word in _words(document) if dotted.fullmatch(word)}:
        *folders, last = name.split(".")
        whole, above = ROOT.joinpath(*folders, last), ROOT.joinpath(*folders).with_suffix(".py")
        is_module = whole.is_dir() or whole.with_suffix(".py").is_file()
        is_name = above.is_file() and re.search(rf"\b{last}\b", above.read_text(encoding="utf-8"))
        if not (is_module or is_name):
            gone.append(name)
    assert gone == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    commanded, makefile = _commands(document), (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)", commanded))
    commands = set(re.findall(r"manage\.py (\w+)", commanded))
    modules = set(re.findall(rf"-m ((?:{'|'.join(PACKAGES)})[\w.]*)", commanded))
    files = {file.stem for file in (ROOT / "webapp").rglob("management/commands/*.py")}
    runs = {
        name
        for name in modules
        if ROOT.joinpath(*name.split("."), "__main__.py").is_file()
        or ROOT.joinpath(*name.split(".")).with_suffix(".py").is_file()
    }
    assert {target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()
    assert commands - files == set()
    assert modules - runs == set()


def test_every_setting_that_the_readme_lists_is_read_somewhere() -> None:
    """`READROOM_SEND_NAME` stands for whatever an administrator calls a destination's secret."""
    settings = set(re.findall(r"`(READROOM_\w+)`", (ROOT / "README.md").read_text(encoding="utf-8")))
    code = "".join(file.read_text(encoding="utf-8") for name in PACKAGES[:3] for file in (ROOT / name).rglob("*.py"))
    code += "".join(file.read_text(encoding="utf-8") for file in (ROOT / "deploy").glob("*.py"))
    unread = {name for name in settings - {"READROOM_SEND_NAME"} if not re.search(rf"\b{name}\b", code)}
    assert unread == set()
    assert "READROOM_SEND_" in code
