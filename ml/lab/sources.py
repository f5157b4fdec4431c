"""``python -m ml.lab.sources``: count the training pictures, for docs/models/sources.md or for a model's card.

``python -m ml.lab.sources CONFIG --card weights/NAME.md`` counts what the model of a configuration was taught with.
"""

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ml.lab.data import SPLITS, Picture, data_folder, pictures_read
from ml.lab.markdown_blocks import block_filled, table
from ml.lab.train.config import Config, config_read
from ml.lab.training_selection import Answer, questions, taught

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models" / "sources.md"
HEADING = """# Sources of the training pictures

Made by `python -m ml.lab.sources`, which counts the data folder's manifest; do not edit. Licences stand as the manifest
words them. A group is what must stay in one split: a patient where the source names one, near-duplicates, neighbouring
slices. Where a set has as many groups as pictures, no patient is known, and one patient may lie in two splits. None of
the pictures is in this repository."""

Row = tuple[str, ...]


def licences_read(folder: Path) -> dict[str, str]:
    """Licence of every picture, by its path, as the manifest words it."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return {row["path"]: row["licence"] for row in csv.DictReader(file)}


def series_read(folder: Path) -> list[Row]:
    """Rows (set, files, publication, licence) of the DICOM files; none where there are none."""
    manifest = folder / "dicom" / "manifest.csv"
    if not manifest.is_file():
        return []
    with manifest.open(newline="", encoding="utf-8") as file:
        counts = Counter((row["path"].split("/")[1], row["source"], row["licence"]) for row in csv.DictReader(file))
    return [(name, f"{count:,}", source, licence) for (name, source, licence), count in sorted(counts.items())]


def sets_told(pictures: Sequence[Picture], licences: dict[str, str]) -> str:
    """Table of the sets: where they come from, under which licence, pictures by split, groups."""
    rows: list[Row] = []
    for name, of_set in _parted(pictures, lambda picture: picture.collection):
        given = ", ".join(sorted({licences[picture.path] for picture in of_set}))
        origin = ", ".join(sorted({picture.source for picture in of_set}))
        rows.append((name, origin, given, *_by_split(of_set), _groups(of_set)))
    rows.append(("all", "", "", *_by_split(pictures), _groups(pictures)))
    return table(("set", "publication", "licence", *SPLITS, "all", "groups"), rows)


def answers_told(pictures: Sequence[Picture], asked: dict[str, Answer]) -> str:
    """Table of the answers: for each question and answer the pictures by split."""
    rows = [
        (question, said, *_by_split(of_answer))
        for question, answer in asked.items()
        for said, of_answer in _parted(pictures, answer)
        if said
    ]
    return table(("question", "answer", *SPLITS, "all"), rows)


def card_told(config: Config, pictures: Sequence[Picture], licences: dict[str, str]) -> str:
    """What a card says of its sources: sets, answers, and series that were cut into slices."""
    used = taught(config, pictures)
    parts = [sets_told(used, licences), answers_told(used, questions(config))]
    if cuts := config.options.get("cuts"):
        parts.append(f"Beside them, slices cut from the DICOM series {', '.join(cuts)}, for teaching only.")
    return "\n\n".join(parts)


def page_told(pictures: Sequence[Picture], licences: dict[str, str], series: list[Row]) -> str:
    """The page of all sources."""
    columns: dict[str, Answer] = {
        "finding": lambda picture: picture.finding,
        "region": lambda picture: picture.region,
        "plane": lambda picture: picture.plane,
    }
    shown = [
        f"### {name}\n\n{answers_told(of_set, columns)}"
        for name, of_set in _parted(pictures, lambda picture: picture.collection)
    ]
    boxes, outlines = sum(len(p.boxes) for p in pictures), sum(bool(p.mask) for p in pictures)
    dicom = table(("set", "files", "publication", "licence"), series)
    drawn = f"Drawn on them: {boxes:,} boxes, {outlines:,} outlines."
    parts = [HEADING, sets_told(pictures, licences), drawn, "## What they show", *shown, "## DICOM files", dicom]
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or fill a card; 0 when written, 2 when the data or the card cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m ml.lab.sources", description=__doc__)
    parser.add_argument("config", type=Path, nargs="?", help="file of ml/lab/configs, with --card")
    parser.add_argument("--card", type=Path, help="card whose sources are to be counted")
    parser.add_argument("--out", type=Path, default=PAGE, help="where the page goes (default: docs/models/sources.md)")
    chosen = parser.parse_args(arguments)
    if (chosen.card is None) != (chosen.config is None):
        parser.error("a card needs a configuration, and a configuration a card")
    try:
        folder = data_folder()
        pictures, licences = pictures_read(folder), licences_read(folder)
        if chosen.card:
            told = card_told(config_read(chosen.config), pictures, licences)
            filled = block_filled(chosen.card.read_text(encoding="utf-8"), "sources", told)
            chosen.card.write_text(filled, encoding="utf-8")
        else:
            chosen.out.write_text(page_told(pictures, licences, series_read(folder)), encoding="utf-8")
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parted(pictures: Iterable[Picture], answer: Answer) -> list[tuple[str, list[Picture]]]:
    parts: dict[str, list[Picture]] = {}
    for picture in pictures:
        parts.setdefault(answer(picture), []).append(picture)
    return sorted(parts.items())


def _by_split(pictures: Sequence[Picture]) -> Row:
    counts = Counter(picture.split for picture in pictures)
    return (*(f"{counts[split]:,}" for split in SPLITS), f"{len(pictures):,}")


def _groups(pictures: Sequence[Picture]) -> str:
    return f"{len({picture.group for picture in pictures}):,}"


if __name__ == "__main__":
    sys.exit(main())
