"""Table E.1-1 of PS3.15: what is done to each attribute that may identify somebody.

`table.csv` has a line for each attribute of edition 2026c: tag, keyword, the action of the Basic Profile and those of
the options that are offered here. The actions are as the facts of the standard stand in the open package
dicom-anonymizer 2.1.0; the options follow the columns of the same table. Repeating groups (curves 50xx, overlays 60xx),
private attributes and the file meta information are dealt with in code.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ml.deid.options import Options

EDITION = "2026c"
#: Technical names that the table does not mention: kept as they are where the device may be known, else word by word.
TECHNICAL = frozenset(
    {
        "Manufacturer",
        "ManufacturerModelName",
        "SoftwareVersions",
        "ConvolutionKernel",
        "FilterType",
        "SequenceName",
        "PulseSequenceName",
        "ReceiveCoilName",
        "TransmitCoilName",
        "GridAbsorbingMaterial",
        "AnodeTargetMaterial",
    }
)
#: Where the standard leaves a choice by the type in the IOD, that which is valid for the strictest type is taken.
STRICTEST = {"Z/D": "D", "X/Z": "Z", "X/D": "D", "X/Z/D": "D", "X/Z/U*": "U"}


@dataclass(frozen=True)
class Rule:
    """One line of the table.

    Attributes
    ----------
    basic
        D dummy, Z emptied, X removed, U another UID (PS3.15 table E.1-1a), one for each combination.
    options
        K kept or C cleaned, by the name of an option (`Options`).
    """

    keyword: str
    basic: str
    options: dict[str, str]

    def action(self, options: Options) -> str:
        """Return D, Z, X, U, K or C: an option that was chosen goes before the basic profile."""
        chosen = [action for name, action in self.options.items() if getattr(options, name)]
        return chosen[0] if chosen else STRICTEST.get(self.basic, self.basic)


@cache
def rules() -> dict[int, Rule]:
    """Return the table by tag."""
    with (Path(__file__).parent / "table.csv").open(encoding="ascii", newline="") as file:
        return {
            int(line["tag"], 16): Rule(
                line["keyword"], line["basic"], dict(word.split("=") for word in line["options"].split())
            )
            for line in csv.DictReader(file)
        }
