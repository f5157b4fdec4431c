"""Groups that the training pictures' manifest parted and that belong together: near-twins lie in them.

The table of a manifest stands in ``ml/lab/train/groups`` under the first digits of the manifest's sha256, so that it is
never laid over another. ``python -m ml.lab.train.near_duplicates --write`` makes it from the pictures.
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

TABLES = Path(__file__).parent / "train" / "groups"


@dataclass(frozen=True)
class Place:
    """Where a group of the manifest belongs: the joined group's name, and its one split."""

    group: str
    split: str


def table_of(manifest: Path) -> Path:
    """File of the table that belongs to a manifest; most manifests have none."""
    return TABLES / f"{hashlib.sha256(manifest.read_bytes()).hexdigest()[:12]}.csv"


def places_read(manifest: Path) -> dict[str, Place]:
    """Where the groups of a manifest belong, by their own name; those that stay as they are do not stand in it."""
    table = table_of(manifest)
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8") as file:
        return {row["group"]: Place(row["joined"], row["split"]) for row in csv.DictReader(file)}


def places_write(manifest: Path, places: dict[str, Place]) -> Path:
    """Write the table of a manifest, sorted; returns its file."""
    table = table_of(manifest)
    table.parent.mkdir(exist_ok=True)
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("group", "joined", "split"))
        writer.writerows((name, place.group, place.split) for name, place in sorted(places.items()))
    return table
