"""The report against a small folder of runs: nothing left out, nothing made up."""

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ml.lab.evaluate.figures import Figure
from ml.lab.report.__main__ import OUT, main
from ml.lab.report.check import problems
from ml.lab.report.collect import Gathered, gathered
from ml.lab.report.comparison import UNWRITTEN
from ml.lab.report.formatting import interval_told, number_told, percent_cells
from ml.lab.report.page import Page
from ml.lab.report.site import files_made, pages_made, report_folder_written
from ml.lab.report.stored_runs import KEPT, runs_kept
from tests.ml.lab.drawn_runs import CONFIGS, drawn_runs, run_written

SHARE = re.compile(r"(?<![\d.])\d\.\d{3}(?!\d)|(?<![\d.])\d+\.\d%")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def told(folder: Path) -> Gathered:
    return drawn_runs(folder)


@pytest.fixture(scope="module")
def pages(told: Gathered) -> list[Page]:
    return pages_made(told)


@pytest.fixture(scope="module")
def out(told: Gathered, pages: list[Page], folder: Path) -> Path:
    """The folder in which the report was written."""
    place = folder / "docs" / "models"
    report_folder_written(files_made(pages, told, place), told, place)
    return place


def read(out: Path, page: str) -> str:
    return (out / f"{page}.md").read_text(encoding="utf-8")


def row(text: str, *parts: str) -> str:
    """The first line of a page that has all of these."""
    return next(line for line in text.splitlines() if line.startswith("|") and all(part in line for part in parts))


def told_figures(told: Gathered) -> list[Figure]:
    reports = [report for run in told.runs for report in run.reports.values()]
    tables = [figure for report in reports for table in report.tables for figure in table.figures.values()]
    return [*tables, *(figure for report in reports for figure in report.headline.values())]


def test_every_configuration_has_its_row_and_its_command(out: Path) -> None:
    front = read(out, "README")
    for place, (name, _, table, *_) in CONFIGS.items():
        assert "`python -m ml." in row(front, f"{name}-1", f"| {table} |", f"ml/lab/configs/{place}.toml")
    assert "ml/lab/configs/search/grid.toml" in read(out, "search")


def test_a_run_that_is_missing_is_told_with_the_command_that_makes_it(out: Path) -> None:
    missing = row(read(out, "classification"), "classify-vgg16-1")
    assert "not trained" in missing
    assert "`python -m ml.lab.train ml/lab/configs/classification/vgg16.toml`" in missing
    waiting = row(read(out, "detection"), "detect-tumour-1")
    assert "trained, not judged yet" in waiting
    assert "`python -m ml.lab.evaluate ml/lab/configs/detection/tumour.toml`" in waiting
    assert "Not measured yet" in read(out, "cascade")


def test_a_published_figure_stands_beside_ours_with_the_reason(told: Gathered, out: Path) -> None:
    ours = next(run for run in told.runs if run.key == "classify-resnet18-1").headline["modality accuracy"]
    text = read(out, "classification")
    beside = row(text, number_told(ours.value), "Other pictures.")
    for part in (interval_told(ours), f" {ours.n} ", "0.970 (n = 500)", "classification/resnet18.toml"):
        assert part in beside
    assert "A paper; Table 3; <https://example.org/paper>" in text
    assert "not at hand" in row(text, "classify-vgg16-1", "not trained", "\\[")


def test_no_figure_is_made_up_and_none_is_left_out(told: Gathered, out: Path) -> None:
    figures = told_figures(told)
    known = {number_told(entry.value) for entry in told.published if entry.value is not None}
    known |= {number_told(value) for figure in figures for value in (figure.value, figure.low, figure.high)}
    known |= {cell for figure in figures for cell in re.split(" to | ", " ".join(percent_cells(figure)))}
    written = "\n".join(file.read_text(encoding="utf-8") for file in out.glob("*.md"))
    assert set(SHARE.findall(written)) - known == set()
    for figure in figures:
        assert number_told(figure.value) in written or percent_cells(figure)[0] in written


def test_words_name_figures_by_their_run(told: Gathered, out: Path) -> None:
    ours = next(run for run in told.runs if run.key == "classify-resnet18-1").headline["modality accuracy"]
    assert f"Words, and {number_told(ours.value)} (95% interval" in read(out, "gate")


def test_sources_never_seen_stand_beside_the_test_split(told: Gathered, out: Path) -> None:
    headline = {run.key: run.headline for run in told.runs}
    unseen = headline["held-out-a-1"]["modality accuracy, sources never seen"]
    seen = headline["classify-resnet18-1"]["modality accuracy"]
    for page in ("README", "held-out"):
        both = row(read(out, page), number_told(unseen.value), number_told(seen.value))
        assert "brain_masks" in both


def test_the_pages_across_runs_take_what_the_files_say(out: Path) -> None:
    assert "modality ECE" in read(out, "calibration")
    assert "ml.lab.evaluate.explain ml/lab/configs/beyond/type.toml" in read(out, "explanations")
    assert "By source" not in read(out, "calibration")


def test_a_network_begun_as_another_stands_beside_the_same_from_fresh_weights(told: Gathered, out: Path) -> None:
    headline = {run.key: run.headline for run in told.runs}
    both = [number_told(headline[key]["type accuracy"].value) for key in ("fresh-type-1", "type-1")]
    assert "classify-resnet18-1" in row(read(out, "transfer"), *both)


def test_trials_of_a_search_stand_best_first(out: Path) -> None:
    text = read(out, "search")
    assert text.index("| 1 | 0.9321 | 0.2 |") < text.index("| 0 | 0.7123 | 0.1 |")
    assert "python -m ml.lab.search ml/lab/configs/search/grid.toml" in text


def test_a_configuration_that_changed_since_is_told(told: Gathered) -> None:
    assert next(run for run in told.runs if run.key == "detect-tumour-1").changed == ["minutes"]


def test_examples_are_copied_beside_the_pages(out: Path) -> None:
    assert (out / "pictures" / "type-1-explain.png").is_file()
    assert "pictures/type-1-explain.png" in read(out, "explanations")


class Cells(HTMLParser):
    """The text of every cell of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("td", "th"):
            self.inside = True
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.cells[-1] += data


def markdown_cells(text: str) -> list[str]:
    """The cells of a page's tables without their marks."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not set(line) <= set("|-")]
    cells = [cell.strip() for line in lines for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    plain = [re.sub(r"(?<!\\)\[([^\]]*)\]\([^)]*\)", r"\1", cell) for cell in cells]
    return [re.sub(r"\\(?=[\[\]|])|`", "", cell) for cell in plain]


def test_html_has_the_same_cells_as_markdown(out: Path) -> None:
    for file in out.glob("*.md"):
        page = out / ("index.html" if file.stem == "README" else f"{file.stem}.html")
        parser = Cells()
        parser.feed(page.read_text(encoding="utf-8"))
        assert parser.cells == markdown_cells(file.read_text(encoding="utf-8")), file.name


def test_html_stands_alone(out: Path) -> None:
    text = (out / "classification.html").read_text(encoding="utf-8")
    assert not re.search(r'<link|<script|src="(?!data:)', text)
    assert "alt=" in text
    assert 'alt=""' not in text


def test_every_drawing_is_whole_has_its_night_and_is_small(out: Path) -> None:
    drawings = list((out / "plots").glob("*.svg"))
    assert len(drawings) > 10
    for drawing in drawings:
        text = drawing.read_text(encoding="utf-8")
        assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
        assert "prefers-color-scheme:dark" in text
        assert len(text) < 40_000
        assert not re.search(r"<g>|<metadata>|font-family: ", text)


def test_links_lead_somewhere_and_nothing_is_missing(pages: list[Page], out: Path) -> None:
    assert problems(pages, out) == []


def test_a_link_that_leads_nowhere_is_told(pages: list[Page], out: Path) -> None:
    stray = out / "stray.md"
    stray.write_text("[gone](run-gone.md) and [no such heading](README.md#gone)\n")
    told = problems(pages, out)
    stray.unlink()
    assert told == [
        "stray.md: the link run-gone.md leads nowhere",
        "stray.md: the link README.md#gone leads nowhere",
    ]


def test_a_reason_that_nobody_wrote_is_told(tmp_path: Path) -> None:
    pages = pages_made(drawn_runs(tmp_path, reasons=""))
    text = next(page for page in pages if page.slug == "classification").markdown()
    assert UNWRITTEN in text
    missing = [sentence for page in pages for sentence in page.unwritten]
    assert missing == ["classification: no reason for classification / classify-resnet18 / modality accuracy"]


def test_the_same_runs_give_the_same_bytes(told: Gathered, out: Path) -> None:
    again = files_made(pages_made(told), told, out)
    assert again == {name: (out / name).read_text(encoding="utf-8") for name in again}


def test_a_page_that_nothing_makes_any_more_goes(told: Gathered, pages: list[Page], out: Path) -> None:
    for name in ("run-gone-1.md", "run-gone-1.html", "plots/gone.svg"):
        (out / name).write_text("old")
    report_folder_written(files_made(pages, told, out), told, out)
    assert not list(out.rglob("*gone*"))
    assert (out / "papers.md").is_file()


def test_the_command_tells_of_our_own_configurations_without_any_run(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    arguments = ["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    assert "not trained" in (tmp_path / "out" / "classification.md").read_text(encoding="utf-8")
    assert main([*arguments, "--check"]) == 1  # the cards lie elsewhere, seen from there


def test_the_small_files_of_runs_are_kept_and_those_of_other_machines_stay(tmp_path: Path) -> None:
    runs, kept = tmp_path / "runs", tmp_path / "kept"
    (kept / "elsewhere-1").mkdir(parents=True)
    (kept / "elsewhere-1" / "epochs.csv").write_text("epoch\n1\n")
    run_written(runs / "here-1", None)
    (runs / "here-1" / "best.pt").write_bytes(b"weights")
    runs_kept(runs, kept)
    runs_kept(tmp_path / "none", kept)
    files = sorted(file.relative_to(kept).as_posix() for file in kept.rglob("*") if file.is_file())
    assert files == ["elsewhere-1/epochs.csv", "here-1/epochs.csv"]


def test_the_report_in_the_repository_is_made_of_what_is_kept_there_and_lacks_nothing() -> None:
    told = gathered(runs=KEPT)
    pages = pages_made(told)
    for page in pages:
        assert (OUT / f"{page.slug}.md").read_text(encoding="utf-8") == page.markdown(), page.slug
    assert problems(pages, OUT) == []


def test_a_broken_file_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "classify-resnet18-1"
    run.mkdir()
    (run / "test.json").write_text("{")
    assert main(["--runs", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "classify-resnet18-1/test.json is not a report" in capsys.readouterr().err
