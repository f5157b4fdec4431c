"""Table E.1-1 of PS3.15: the action for each attribute that may identify a person.

`table.csv` has a line for each attribute of edition 2026c: tag, keyword, the action of the Basic Profile and those of
the options that we support. The actions are taken from the open-source package dicom-anonymizer 2.1.0; the options
follow the columns of the same table. Repeating groups (curves 50xx, overlays 60xx), private attributes and the file
meta information are handled in code.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ml.deid.options import Options

EDITION = "2026c"
#: Technical attributes that the table does not list: kept unchanged with the option `device`, else cleaned like text.
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
#: Where the action depends on the attribute's type in the IOD, the one that is valid for the strictest type is used.
STRICTEST = {"Z/D": "D", "X/Z": "Z", "X/D": "D", "X/Z/D": "D", "X/Z/U*": "U"}


@dataclass(frozen=True)
class Rule:
    """One line of the table.

    Attributes
    ----------
    basic
        Action of the Basic Profile: D dummy value, Z empty, X remove, U new UID (PS3.15 Table E.1-1a), or alternatives
        like "X/Z".
    options
        Actions of options, by their name in `Options`: K keep, C clean.
    """

    keyword: str
    basic: str
    options: dict[str, str]

    def action(self, options: Options) -> str:
        """Return the action, one of D, Z, X, U, K and C; a chosen option takes precedence over the Basic Profile."""
        chosen = [action for name, action in self.options.items() if getattr(options, name)]
        return chosen[0] if chosen else STRICTEST.get(self.basic, self.basic)


@cache
def rules() -> dict[int, Rule]:
    """Return the rules of the table, by tag."""
    with (Path(__file__).parent / "table.csv").open(encoding="ascii", newline="") as file:
        return {
            int(line["tag"], 16): Rule(
                line["keyword"], line["basic"], dict(word.split("=") for word in line["options"].split())
            )
            for line in csv.DictReader(file)
        }
