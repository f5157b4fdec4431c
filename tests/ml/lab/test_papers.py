"""The figures of others: none without a place where it was read."""

from ml.lab.report.collect import HERE
from ml.lab.report.files import published_read

PUBLISHED = published_read(HERE / "papers.toml")


def test_a_figure_says_where_it_was_read() -> None:
    valued = [figure for figure in PUBLISHED if figure.value is not None]
    assert valued
    for figure in valued:
        assert 0 < (figure.value or 0) < 1, figure
        assert figure.url.startswith(("https://", "http://")), figure
        assert figure.where, figure
        assert figure.note, figure


def test_a_figure_that_is_not_at_hand_has_no_value_and_says_why() -> None:
    missing = [figure for figure in PUBLISHED if figure.value is None]
    assert all(figure.kind == "paper" and "not at hand" in figure.note for figure in missing)
    architectures = {figure.row for figure in missing if figure.table == "classification"}
    assert architectures == {"resnet50", "densenet121", "vgg16", "plain-cnn"}


def test_kinds_and_tables_are_known() -> None:
    assert {figure.kind for figure in PUBLISHED} == {"paper", "comparable"}
    assert {figure.table for figure in PUBLISHED} <= {
        "classification", "detection", "segmentation", "held-out", "beyond", "cascade"
    }  # fmt: skip
