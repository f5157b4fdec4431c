"""Model cards: complete, and saying what the release says."""

import json
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from ml.cascade.weights import ModelRow, manifest_read
from ml.lab.cards import FIELDS, card_checked, card_compared, card_filled, main
from ml.lab.evaluate.report import BEGIN, END, WEIGHTS
from ml.lab.markdown_blocks import block_filled, block_read, marks, table

DECISION = WEIGHTS.parent / "docs" / "decisions" / "0015-cards.md"
ROWS = manifest_read(WEIGHTS)


def row() -> ModelRow:
    return ROWS["tumour-detector"]


def text() -> str:
    """A complete card of that model, in words of its own."""
    words = {field: f"What there is to say of {field.lower()}." for field in FIELDS}
    words["Facts"], words["Sources"] = "\n\n".join(marks("facts")), "\n\n".join(marks("sources"))
    words["Known failures"] += "\n\n" + "\n\n".join(marks("pictures"))
    words["Figures"] += f"\n\n{BEGIN}\n| AP | 0.7 |\n{END}"
    words["Regulatory state"] = "None; for research use only."
    title = f"# {row().name.replace('-', ' ').capitalize()}, version {row().version}\n\n"
    card = title + "\n\n".join(f"## {field}\n\n{said}" for field, said in words.items()) + "\n"
    sources = table(("set", "pictures"), [("drawn brains, without a licence", "12")])
    return block_filled(card_filled(card, row(), WEIGHTS), "sources", sources)


@pytest.mark.parametrize("name", ROWS)
def test_every_shipped_card_is_complete_and_true_to_the_manifest(name: str) -> None:
    card = (WEIGHTS / ROWS[name].card).read_text()
    assert card_checked(card) == []
    assert card_compared(card, ROWS[name], WEIGHTS) == []


def test_no_card_lies_about_without_its_model() -> None:
    assert {card.name for card in WEIGHTS.glob("*.md")} == {shipped.card for shipped in ROWS.values()}


def test_the_decision_says_of_each_field_where_it_comes_from() -> None:
    told = [line.split(" | ")[0].removeprefix("| ") for line in DECISION.read_text().splitlines() if " | " in line]
    assert [field for field in told if field in FIELDS] == list(FIELDS)


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field_is_named(field: str) -> None:
    assert f"the field '{field}' is missing" in card_checked(text().replace(f"## {field}\n", ""))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("## Patients", "## Remarks\n\nNone.\n\n## Patients", "'Remarks' is no field"),
        ("## Warnings", "## Patients", "missing"),
        (BEGIN, f"{BEGIN}\n{END}", "figures"),
        ("for research use only", "for every use there is", "research use"),
        ("to say of warnings", "FILL IN", "'FILL IN' still stands 1 times"),
        (marks("sources")[0], "", "no place for sources"),
        (marks("facts")[0], "\n".join(marks("facts")) + "\n", "place for facts is empty"),
    ],
)
def test_a_fault_is_named(before: str, after: str, said: str) -> None:
    assert before in text()
    assert any(said in trouble for trouble in card_checked(text().replace(before, after, 1)))


def test_a_field_of_a_few_letters_is_empty() -> None:
    assert card_checked(text()) == []
    card = text().replace("What there is to say of calibration.", "Good.")
    assert card_checked(card) == ["the field 'Calibration' is empty"]


def test_fields_in_another_order_are_refused() -> None:
    card = (
        text()
        .replace("## Explanation", "##")
        .replace("## Uncertainty", "## Explanation")
        .replace("##\n", "## Uncertainty\n")
    )
    assert card_checked(card) == ["the fields are not in the order of ml/lab/cards.py"]


def test_a_card_of_another_threshold_or_model_differs_until_it_is_filled() -> None:
    moved = row().model_copy(update={"thresholds": {"tumour": 0.25}})
    assert card_compared(text(), moved, WEIGHTS) == ["its facts are not those of the release"]
    filled = card_filled(text(), moved, WEIGHTS)
    assert card_compared(filled, moved, WEIGHTS) == []
    assert "0.25" in (block_read(filled, "facts") or "")
    renamed = row().model_copy(update={"version": "7"})
    assert "its title does not name model and version" in card_compared(text(), renamed, WEIGHTS)


def test_example_pictures_enter_the_card(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    stem = f"{row().name}-{row().version}"
    for name in (f"{stem}-missed-at-the-rim.png", f"{stem}0-other.png"):
        (tmp_path / "pictures" / name).write_bytes(b"")
    assert card_compared(text(), row(), tmp_path) == ["its pictures are not those of the release"]
    shown = block_read(card_filled(text(), row(), tmp_path), "pictures")
    assert shown == f"![missed at the rim](pictures/{stem}-missed-at-the-rim.png)"


def test_marks_show_as_nothing_where_raw_html_is_text() -> None:
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text())
    assert "(facts" not in html
    assert "(sources" not in html
    assert html.count("<table>") == 3
    assert row().sha256 in html


def test_a_block_is_filled_where_it_stands_and_only_there() -> None:
    begin, end = marks("facts")
    filled = block_filled(f"before\n\n{begin}\nold\n{end}\nafter", "facts", table(("a", "b"), [("1", "x|y")]))
    assert filled == f"before\n\n{begin}\n\n| a | b |\n| --- | --- |\n| 1 | x/y |\n\n{end}\nafter"
    with pytest.raises(ValueError, match="no place for sources"):
        block_filled(filled, "sources", "")


def test_the_command_checks_fills_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads((WEIGHTS / "manifest.json").read_text())
    told["models"] = [model for model in told["models"] if model["name"] == "tumour-detector"]
    told["models"][0]["thresholds"] = {"tumour": 0.5}
    (tmp_path / "manifest.json").write_text(json.dumps(told))
    (tmp_path / row().card).write_text(text())
    (tmp_path / "lost-1.md").write_text("# Lost, version 1\n")
    assert main(["--weights", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "its facts are not those of the release" in said
    assert "lost-1.md: no model has this card" in said
    (tmp_path / "lost-1.md").unlink()
    assert main(["--weights", str(tmp_path), "--fill"]) == 0
    assert "1 cards are complete" in capsys.readouterr().out
    (tmp_path / "manifest.json").unlink()
    assert main(["--weights", str(tmp_path)]) == 2
