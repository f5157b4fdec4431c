"""Hanging protocols: checked when they are read; the first that fits hangs a study, and something always does."""

from pathlib import Path
from uuid import uuid4

import pytest

from webapp.reading.viewer.hanging_protocols import (
    FALLBACK,
    HangingProtocol,
    HangingProtocolError,
    SeriesKind,
    hang_study,
    hanging_protocols,
    load_hanging_protocols,
    presets,
)


def matching_series(protocol: HangingProtocol) -> list[SeriesKind]:
    """Return series that a protocol asks for."""
    when = protocol.when
    modality = min(when.modalities) if when.modalities else "OT"
    count = max([when.least_series, 1, *(cell.series + 1 for cell in protocol.cells)])
    return [SeriesKind(uuid4(), modality, frozenset(sorted(when.body_parts)[:1])) for _ in range(count)]


@pytest.mark.parametrize("protocol", hanging_protocols(), ids=lambda protocol: protocol.name)
def test_each_declared_protocol_hangs_what_it_asks_for(protocol: HangingProtocol) -> None:
    series = matching_series(protocol)
    prior = uuid4() if protocol.when.prior else None
    chosen = hang_study(series=series, prior=prior, protocols=hanging_protocols()).serialize()
    assert chosen["protocol"] == protocol.name
    assert len(chosen["cells"]) == chosen["rows"] * chosen["columns"]
    assert all(cell["series"] or cell["prior"] for cell in chosen["cells"])
    assert chosen["why"].endswith(".")


@pytest.mark.parametrize(
    ("series", "protocol"),
    [
        ([SeriesKind(uuid4(), "US", frozenset({"breast"}))], "one-picture"),
        ([SeriesKind(uuid4(), "", frozenset())], "one-picture"),
        (
            [SeriesKind(uuid4(), "US", frozenset()), SeriesKind(uuid4(), "CT", frozenset({"chest"}))],
            "ct-chest",
        ),
        ([SeriesKind(uuid4(), "CT", frozenset({"knee"}))], "ct-body"),
        ([SeriesKind(uuid4(), "MR", frozenset())] * 3, "mr-two"),
    ],
)
def test_the_first_protocol_that_fits_hangs_the_study(series: list[SeriesKind], protocol: str) -> None:
    chosen = hang_study(series=series, prior=None, protocols=hanging_protocols())
    assert chosen.protocol.name == protocol
    assert chosen.serialize()["cells"][0]["series"] == str(chosen.series[0].series)


def test_nothing_to_show_and_no_protocol_at_all_hang_one_empty_place() -> None:
    assert hang_study(series=[], prior=uuid4(), protocols=hanging_protocols()).protocol is FALLBACK
    assert hang_study(series=[], prior=None, protocols=[]).serialize()["cells"] == [
        {"series": None, "prior": None, "preset": None}
    ]


def test_ct_presets_are_those_of_the_reading_room() -> None:
    assert {one.id: (one.width, one.level) for one in presets() if one.modality == "CT"} == {
        "soft-tissue": (400, 40), "lung": (1500, -600), "liver": (150, 90), "bone": (2500, 480), "brain": (80, 40),
    }  # fmt: skip


GOOD = 'name = "two"\nrank = 1\nwhy = "Two beside each other."\nrows = 1\ncolumns = 1\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD, "two.toml, cells: Field required."),
        (GOOD + "[[cells]]\n[[cells]]\n", "two.toml: Value error, 1 x 1 places take as many [[cells]], not 2."),
        (GOOD + '[[cells]]\npreset = "milk"\n', "two.toml: there is no preset milk in presets.toml."),
        (GOOD + '[[cells]]\nshow = "prior"\n', "two.toml: Value error, a cell shows the prior, so `when` must ask"),
        (GOOD + 'colour = "red"\n[[cells]]\n', "two.toml, colour: Extra inputs are not permitted."),
        ("rows = ", "two.toml cannot be read:"),
    ],
)
def test_a_protocol_that_cannot_be_used_is_told_by_file_and_place(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "two.toml").write_text(text)
    with pytest.raises(HangingProtocolError) as told_:
        load_hanging_protocols(tmp_path, presets=presets())
    assert str(told_.value).startswith(sentence)


def test_two_protocols_of_one_rank_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(GOOD.replace("two", name) + "[[cells]]\n")
    with pytest.raises(HangingProtocolError, match="rank 1 stands there twice"):
        load_hanging_protocols(tmp_path, presets=presets())
