"""The list of models and a page for each: figures with n, charts with their numbers, and no page that breaks."""

import json
import math
import shutil
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.webapp.model_reports import report_kept, weights_reported
from webapp.administration.model_cards.figures import format_figure, format_heat_table, headline_figures, report_curves
from webapp.administration.model_cards.pathway_position import pathway_graph
from webapp.foundation.core.charts import MOST_POINTS, Line, columns_chart, lines_chart
from workers import api

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite, pytest.mark.usefixtures("data_folder")]

NAMES = ("sorter", "tumour-detector", "tumour-segmenter", "fracture-detector", "tumour-kind-boxes")
DETECTOR = "/models/tumour-detector/"


@pytest.fixture
def weights(drawn_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of models of the test's own, in which the tumour detector has a report."""
    own = weights_reported(drawn_weights, tmp_path / "weights", "tumour-detector")
    monkeypatch.setenv("READROOM_WEIGHTS", str(own))
    return own


def text_of(client: Client, address: str) -> str:
    """Return a page's text."""
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_shows_the_cascade_and_leads_to_each_model(clinician: Client) -> None:
    text = text_of(clinician, "/models/")
    assert text.count('class="stage is-') == len(api.pathways_drawn()) > 8
    assert "modality XR; region" in text
    for name in NAMES:
        assert f'href="/models/{name}/"' in text
    for said in ("91.2", "88.4", "93.4", '<td class="number">500</td>'):
        assert said in text


@pytest.mark.parametrize("name", NAMES)
def test_each_model_has_a_page_with_its_card_and_its_own_steps_lit(name: str, clinician: Client) -> None:
    text = text_of(clinician, f"/models/{name}/")
    own = [stage.name for stage in api.pathways_drawn() if stage.model == name]
    assert own
    assert text.count(' lit"') == len(own)
    assert "<strong>Not</strong> a model." in text
    assert "<script>alert(1)</script>" not in text
    assert text.count("<h1") == 1


def test_a_model_of_features_has_its_card_its_sources_and_its_place_like_a_network(
    clinician: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READROOM_WEIGHTS", str(Path(__file__).resolve().parents[3] / "weights"))
    answer = clinician.get("/models/tumour-kind-boxes/")
    text = answer.content.decode()

    assert answer.status_code == 200
    assert "Measures: Kind, by features." in text
    assert "Experimental.</b> Weighs numbers that are measured" in text
    for said in (
        "double precision, in NumPy",
        "kB",
        "12 features, logistic regression",
        "no answer &quot;no tumour&quot;",
    ):
        assert said in text
    for heading in ("Not for", "Sources", "Calibration", "Known failures", "Explanation"):
        assert f">{heading}</h4>" in text
    assert text.count(' lit"') == 1
    assert answer.context["headline"][0].name == "tumour kind accuracy"
    assert {chart.title for chart in answer.context["charts"]} >= {"tumour_kind: reliability", "tumour_kind: ROC"}
    (example,) = answer.context["examples"]
    assert clinician.get(f"/models/tumour-kind-boxes/pictures/{example.name}").status_code == 200
    assert "Measures" in text_of(clinician, "/models/")


def test_a_model_that_is_not_shipped_has_no_page(clinician: Client) -> None:
    assert clinician.get("/models/another/").status_code == 404


def test_a_report_is_shown_with_n_interval_and_the_numbers_of_every_chart(clinician: Client, weights: Path) -> None:
    kept = json.loads((weights / "tumour-detector-1.json").read_text())
    answer = clinician.get(DETECTOR)
    text = answer.content.decode()
    told = {figure.name: figure for figure in answer.context["headline"]}
    for name, figure in kept["headline"].items():
        assert told[name].value.startswith(f"{100 * figure['value']:.1f}")
        assert told[name].n == figure["n"]
        assert f"{100 * figure['low']:.1f}" in told[name].interval
    assert [chart.title for chart in answer.context["charts"]] == [
        "ROC",
        "Reliability",
        "Training: loss by epoch",
        "Training: validation scores by epoch",
    ]
    for chart in answer.context["charts"]:
        assert chart.svg in text
        assert chart.table.rows
    assert text.count("The same numbers as a table") == 4
    rows = answer.context["heats"][0].rows
    assert [[cell.text for cell in row.cells] for row in rows] == [
        row[1:] for row in kept["counts"]["Tumour type, test split"][1:]
    ]
    for said in ("11,170,000", "1.19 GFLOP", "25 min", "source_9", "4,210"):
        assert said in text


def test_what_a_report_cannot_know_is_a_dash(clinician: Client, weights: Path) -> None:
    report_kept(weights, "sorter")
    table = clinician.get("/models/sorter/").context["tables"][0]
    assert [(row.value, row.interval, row.n, row.span) for row in table.rows if row.name == "empty"] == [
        ("-", "", 0, None)
    ]


def test_the_cards_own_tables_are_shown_only_where_the_report_is_not(clinician: Client, weights: Path) -> None:
    marked = "# Card\n\nWords.\n\n<!-- figures: begin -->\n### Old table\n<!-- figures: end -->\n\n## Known failures\n"
    for name in ("tumour-detector", "sorter"):
        (weights / f"{name}-1.md").write_text(marked)
    assert "Old table" not in text_of(clinician, DETECTOR)
    without = text_of(clinician, "/models/sorter/")
    assert "Old table" in without
    for text in (text_of(clinician, DETECTOR), without):
        assert "Known failures" in text
        assert "figures: begin" not in text


def test_without_a_report_the_page_says_so_and_shows_the_rest(clinician: Client) -> None:
    text = text_of(clinician, "/models/sorter/")
    assert "sorter-1.json is not there" in text
    assert "91.2" in text


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"headline": {"accuracy": 0.9}}', '{"charts": [{"title": "x", "lines": {"a": [[1]]}}]}', "\x00"],
)
def test_a_damaged_report_is_a_sentence(content: str, clinician: Client, weights: Path) -> None:
    (weights / "tumour-detector-1.json").write_text(content)
    text = text_of(clinician, DETECTOR)
    assert "tumour-detector-1.json is damaged" in text
    assert "91.2" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"headline": {}, "tables": [], "counts": {}, "charts": [], "about": {}, "epochs": []},
        {"counts": {"Nothing": [], "Head only": [["", "a"]], "Ragged": [["", "a"], ["a", "3", "4"], []]}},
        {"charts": [{"title": "Empty"}, {"title": "Unknown", "lines": {"a": [[0, math.nan], [math.nan, 1]]}}]},
        {"epochs": [{"epoch": "1", "score": "", "word": "none"}, {"epoch": "2", "score": "0.5", "word": "none"}]},
        {"something new": 3, "about": {"parameters": "many", "seconds": None, "start": {"from": "sorter", "of": 1}}},
    ],
)
def test_a_report_may_be_thin_or_odd(changes: dict[str, object], clinician: Client, weights: Path) -> None:
    report_kept(weights, "tumour-detector", **changes)
    assert "is damaged" not in text_of(clinician, DETECTOR)


def test_a_broken_list_of_models_is_a_sentence_on_a_models_page_too(
    clinician: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("READROOM_WEIGHTS", str(tmp_path / "gone"))
    assert "The cascade cannot be loaded" in text_of(clinician, DETECTOR)
    assert clinician.get(f"{DETECTOR}pictures/tumour-detector-1-found.png").status_code == 404


def test_example_pictures_are_named_and_no_other_file_is_served(clinician: Client, weights: Path) -> None:
    text = text_of(clinician, DETECTOR)
    assert 'alt="Example of tumour-detector: False alarm"' in text
    answer = clinician.get(f"{DETECTOR}pictures/tumour-detector-1-found.png")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.content == (weights / "pictures" / "tumour-detector-1-found.png").read_bytes()
    shutil.copy(weights / "pictures" / "tumour-detector-1-found.png", weights / "pictures" / "other-1-found.png")
    for address in (
        f"{DETECTOR}pictures/other-1-found.png",
        "/models/sorter/pictures/tumour-detector-1-found.png",
        f"{DETECTOR}pictures/..%2Ftumour-detector-1-found.png",
        "/models/another/pictures/tumour-detector-1-found.png",
    ):
        assert clinician.get(address).status_code == 404


def test_a_models_page_asks_the_database_for_the_session_and_the_bar_only(
    clinician: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):  # Session, user, site; what waits in the bar.
        clinician.get(DETECTOR)


def test_the_place_of_a_model_leads_up_to_the_roots() -> None:
    stages = api.pathways_drawn()
    names = [node.stage.name for node in pathway_graph(stages, "tumour-segmenter").nodes]
    assert names == ["gate", "modality", "mri-region", "tumour-boxes", "tumour-outline"]
    assert pathway_graph(stages, "nobody").nodes == []


def test_shares_are_in_percent_and_counts_are_not() -> None:
    figures = {
        "boxes found, IoU 0.5": api.KeptFigure(value=0.5, n=10, low=0.2, high=0.8),
        "false boxes a picture": api.KeptFigure(value=0.5, n=10, low=0.2, high=0.8),
        "mAP50": api.KeptFigure(value=0.5, n=10, low=0.2, high=0.8),
        "macro AUC": api.KeptFigure(value=0.5, n=10, low=0.2, high=0.8),
    }
    assert [told.value[-1] for told in headline_figures(figures)] == ["%", "0", "0", "0"]


def test_a_span_lies_where_its_figures_lie() -> None:
    told = format_figure("x", api.KeptFigure(value=0.5, n=4, low=0.25, high=0.75), percent=True)
    assert told.span is not None
    assert (told.span.low, told.span.value, told.span.width) == (25, 50, 50)


def test_heat_is_by_share_of_the_row() -> None:
    rows = format_heat_table("x", [["", "a", "b"], ["a", "90", "10"], ["b", "0", "0"]]).rows
    assert [[cell.shade for cell in row.cells] for row in rows] == [[9, 1], [0, 0]]
    assert [cell.is_right for cell in rows[0].cells] == [True, False]


def test_only_truth_against_answer_is_shaded(clinician: Client, weights: Path) -> None:
    counts = {
        "part_of_it": [["", "a", "b"], ["a", "9", "1"], ["b", "0", "3"]],
        "Speed": [["pictures at once", "int8", "times"], ["1", "7.9", "4.6"]],
        "Head only": [["", "a"]],
    }
    report_kept(weights, "tumour-detector", counts=counts)
    context = clinician.get(DETECTOR).context
    assert [heat.title for heat in context["heats"]] == ["part of it"]
    assert [title for title, _ in context["others"]] == ["Speed", "Head only"]


def test_lines_are_thinned_with_both_ends_and_gaps_stay_gaps() -> None:
    line = Line("a", [(float(x), None if x == 5 else x * 2.0) for x in range(1000)])
    chart = lines_chart(title="T", x_title="X", y_title="Y", lines=[line])
    assert len(chart.table.rows) == MOST_POINTS
    assert (chart.table.rows[0], chart.table.rows[-1]) == (["0", "0"], ["999", "1,998"])
    gap = lines_chart(title="T", x_title="X", y_title="Y", lines=[Line("a", [(0, 1), (1, None), (2, 3)])])
    assert gap.table.rows[1] == ["1", "-"]
    assert gap.svg.count("<path") == 2


def test_a_chart_says_everything_in_its_table_and_nothing_in_a_style() -> None:
    hostile = "</svg><script>alert(1)</script>"
    chart = lines_chart(
        title=hostile,
        x_title="Week",
        y_title="Share",
        lines=[Line(hostile, [(0, 0.25)]), Line("b", [(1, 0.5)])],
        words=["2 Nov", "9 Nov"],
    )
    assert "<script" not in chart.svg
    assert "style" not in chart.svg
    assert chart.table.rows == [[hostile, "2 Nov", "0.25"], ["b", "9 Nov", "0.5"]]


@pytest.mark.parametrize("values", [[0.0], [-3.0, 2.0], [-5.0], [1e-9], [1e7], [0.3, 0.3]])
def test_any_numbers_find_an_axis(values: list[float]) -> None:
    points = list(zip(range(len(values)), values, strict=True))
    chart = lines_chart(title="T", x_title="X", y_title="Y", lines=[Line("a", points)])
    assert chart.svg.count("<circle") == len(values)


def test_columns_of_nothing_are_not_drawn() -> None:
    assert columns_chart(title="T", x_title="X", y_title="Y", columns=[("a", 0), ("b", 0)]).svg == ""
    drawn = columns_chart(title="T", x_title="X", y_title="Y", columns=[("a", 3), ("b", 0)])
    assert drawn.table.rows == [["a", "3"], ["b", "0"]]


def test_curves_of_no_training_are_none() -> None:
    assert report_curves([]) == []
