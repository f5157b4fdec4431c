"""``python -m ml.lab.cards``: is every model card complete, and does it say what the manifest says?

A card's words are a person's. With ``--fill`` the command writes in the facts that the manifest holds and the
pictures that lie in ``weights/pictures``. The fields and where they come from: docs/decisions/0015-cards.md.
"""

import argparse
import re
import sys
from pathlib import Path

from ml.cascade.weights import ModelRow, WeightsError, manifest_read
from ml.lab.card_facts import facts_told, pictures_told
from ml.lab.evaluate.report import BEGIN, END, WEIGHTS
from ml.lab.markdown_blocks import block_filled, block_read

#: Headings of a card, in order. Who asks for each: docs/decisions/0015-cards.md.
FIELDS = (
    "Summary",
    "Warnings",
    "Intended use",
    "Intended users",
    "Patients",
    "Not for",
    "Facts",
    "Input and output",
    "Sources",
    "Thresholds and why",
    "Figures",
    "Subgroups",
    "Calibration",
    "Known failures",
    "Explanation",
    "Uncertainty",
    "Out of scope",
    "Fairness and what is unknown",
    "Maintenance and monitoring",
    "Regulatory state",
    "Developer and contact",
)
BLOCKS = ("facts", "sources", "pictures")
UNFINISHED = "FILL IN"
#: A field with fewer letters than this says nothing.
SHORTEST = 20


def card_checked(text: str) -> list[str]:
    """Return what a card lacks, one sentence each; none where it is complete."""
    found = _sections(text)
    lacks = [f"the field '{field}' is missing" for field in FIELDS if field not in found]
    lacks += [f"'{heading}' is no field of a card" for heading in found if heading not in FIELDS]
    if not lacks and tuple(found) != FIELDS:
        lacks.append("the fields are not in the order of ml/lab/cards.py")
    lacks += [
        f"the field '{field}' is empty" for field, body in found.items() if len(re.findall(r"\w", body)) < SHORTEST
    ]
    lacks += [f"there is no place for {name}" for name in BLOCKS if block_read(text, name) is None]
    lacks += [f"the place for {name} is empty" for name in BLOCKS if block_read(text, name) == ""]
    if not text.partition(BEGIN)[2].partition(END)[0].strip():
        lacks.append("it holds no figures")
    if "research use" not in found.get("Regulatory state", "").lower():
        lacks.append("its regulatory state does not say 'research use'")
    if UNFINISHED in text:
        lacks.append(f"'{UNFINISHED}' still stands {text.count(UNFINISHED)} times")
    return lacks


def card_compared(text: str, row: ModelRow, weights: Path) -> list[str]:
    """Return where a card differs from its row of the manifest and from the pictures that are kept."""
    expected = {"facts": facts_told(row), "pictures": pictures_told(row, weights)}
    differs = [
        f"its {name} are not those of the release" for name, body in expected.items() if block_read(text, name) != body
    ]
    title = re.sub(r"[- ]", "", text.partition("\n")[0]).lower()
    if title != f"#{row.name.replace('-', '')},version{row.version}":
        differs.append("its title does not name model and version")
    return differs


def card_filled(text: str, row: ModelRow, weights: Path) -> str:
    """Return a card with the facts of its row and the pictures that are kept.

    Raises
    ------
    ValueError
        If it has no place for them.
    """
    return block_filled(block_filled(text, "facts", facts_told(row)), "pictures", pictures_told(row, weights))


def main(arguments: list[str] | None = None) -> int:
    """Check the cards of all shipped models; 0 when they are complete, 1 when not, 2 without a manifest."""
    parser = argparse.ArgumentParser(prog="python -m ml.lab.cards", description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the manifest and the cards")
    parser.add_argument("--fill", action="store_true", help="first write in what the manifest and the pictures say")
    chosen = parser.parse_args(arguments)
    try:
        rows = manifest_read(chosen.weights)
        troubles = [trouble for row in rows.values() for trouble in _checked(row, chosen.weights, fill=chosen.fill)]
    except (WeightsError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    shipped = {row.card for row in rows.values()}
    kept = sorted(card.name for card in chosen.weights.glob("*.md"))
    troubles += [f"{card}: no model has this card" for card in kept if card not in shipped]
    print("\n".join(troubles) or f"{len(rows)} cards are complete.")
    return int(bool(troubles))


def _checked(row: ModelRow, weights: Path, *, fill: bool) -> list[str]:
    card = weights / row.card
    if fill:
        card.write_text(card_filled(card.read_text(encoding="utf-8"), row, weights), encoding="utf-8")
    text = card.read_text(encoding="utf-8")
    return [f"{card.name}: {trouble}" for trouble in card_checked(text) + card_compared(text, row, weights)]


def _sections(text: str) -> dict[str, str]:
    """Return what stands under each heading of the second level, comments left out, in the card's order."""
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)[1:]
    return {
        heading.strip(): re.sub(r"<!--.*?-->|\[//\]: # \(.*?\)", "", body)
        for heading, body in zip(parts[::2], parts[1::2], strict=True)
    }


if __name__ == "__main__":
    sys.exit(main())
