"""The cascade on the command line: files and folders go in, a table and a JSON list come out."""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ml.cascade.analyse import Analyst, unread
from ml.cascade.pathways.declaration import PathwayError
from ml.cascade.weights import WeightsError
from ml.dicomio.grouping import SeriesFiles, series_grouped
from ml.schemas import FindingAnswer, SeriesAnswer
from workers import configuration

#: What the JSON tells of a series, a stage and a finding; the rest of an answer is the web's own.
SERIES = ("path", "paths", "status", "outcome", "reason", "modality", "region", "plane", "contradictions")
STAGE = (
    "name", "status", "model", "version", "label", "probability", "probability_low", "probability_high", "views",
    "ms", "reason", "header_says", "pixels_say", "experimental",
)  # fmt: skip
FINDING = ("label", "probability", "slice", "box", "mask", "urgency", "experimental")


def main(words: list[str] | None = None) -> int:
    """Analyse paths; return 0 when every one was answered, refusals included, 1 when the cascade cannot work.

    Wrong usage ends the process with 2, as argparse does.
    """
    asked = _parser().parse_args(words)
    console = Console(stderr=True)
    try:
        analyst = Analyst(configuration.weights_folder(), device=configuration.device())
        analyst.warm()
    except (WeightsError, PathwayError) as trouble:
        console.print(str(trouble), style="red", markup=False)
        return 1
    answers = _answers(analyst, series_grouped(asked.paths), _pictures_folder(asked.json), console)
    _console_wide().print(_table(answers))
    if asked.json:
        asked.json.write_text(json.dumps([told(answer) for answer in answers], indent=2) + "\n", encoding="utf-8")
    return 0


def _console_wide() -> Console:
    """Return standard output; a pipe has no width of its own, and 80 columns would break every path."""
    console = Console()
    return console if console.is_terminal else Console(width=160)


def told(answer: SeriesAnswer) -> dict[str, object]:
    """Return what the JSON says of one series."""
    whole = answer.model_dump(mode="json")
    return {
        **{key: whole[key] for key in SERIES},
        "findings": [{key: finding[key] for key in FINDING} for finding in whole["findings"]],
        "stages": [{key: stage[key] for key in STAGE} for stage in whole["stages"]],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="manage.py analyze", description="Run the cascade over files and folders.")
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="DICOM, PNG, JPEG, TIFF, or a folder of them"
    )
    parser.add_argument("--json", type=_writable, metavar="FILE", help="write the answers there; masks lie beside it")
    return parser


def _writable(word: str) -> Path:
    path = Path(word)
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{word} is no file that can be written")
    return path


def _pictures_folder(file: Path | None) -> Path | None:
    return file.resolve().with_suffix(".pictures") if file else None


def _answers(
    analyst: Analyst, series: list[SeriesFiles], pictures: Path | None, console: Console
) -> list[SeriesAnswer]:
    answers: list[SeriesAnswer] = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Analysing", total=len(series))
        for number, files in enumerate(series, start=1):
            answers.append(_answer(analyst, files, pictures / str(number) if pictures else None))
            progress.advance(bar)
    return answers


def _answer(analyst: Analyst, files: SeriesFiles, pictures: Path | None) -> SeriesAnswer:
    paths = list(files.paths)
    if files.status != "readable":
        return unread(paths, status=files.status, reason=str(files.reason))
    if pictures is None:
        return analyst.analyze(paths)
    pictures.mkdir(parents=True, exist_ok=True)
    answer = analyst.analyze(paths, out=pictures)
    findings = [
        finding.model_copy(update={"mask": str(pictures / finding.mask) if finding.mask else None})
        for finding in answer.findings
    ]
    return answer.model_copy(update={"findings": findings})


def _table(answers: list[SeriesAnswer]) -> Table:
    table = Table(title="Research use, not for diagnosis", show_lines=False)
    for heading in ("Series", "Files", "Is", "Outcome", "Why", "ms"):
        table.add_column(heading, justify="right" if heading in {"Files", "ms"} else "left", overflow="fold")
    for answer in answers:
        kind = " ".join(word for word in (answer.modality, answer.region, answer.plane) if word)
        why = "; ".join(_sentence(finding) for finding in answer.findings[:3]) or answer.reason or ""
        milliseconds = f"{answer.total_ms:.0f}" if answer.total_ms else ""
        outcome = answer.outcome.replace("_", " ")
        table.add_row(answer.path, str(len(answer.paths)), kind or "-", outcome, why, milliseconds)
    return table


def _sentence(finding: FindingAnswer) -> str:
    return f"{finding.sentence} (experimental)" if finding.experimental else finding.sentence


if __name__ == "__main__":
    sys.exit(main())
