"""A model of features beside the networks that ship: its file of numbers, its row, its figures, its card's tables."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ml.cascade.measurements.feature_model import FeatureModel, model_write
from ml.lab.evaluate.operating_points import OWN_RULE
from ml.lab.evaluate.report import WEIGHTS, Report, card_filled, headline_rows, row_stored, sheet_written
from ml.lab.openvino_ir import digest_of
from ml.lab.radiomics.evaluate import IN_DRAWN_BOXES
from ml.lab.radiomics.examples import spots_kept
from ml.lab.radiomics.fit import NEAR_ENOUGH
from ml.lab.train.config import Config


def shipped(config: Config, model: FeatureModel, report: Report, weights: Path = WEIGHTS) -> None:
    """Put a model into the weights, in place of what ships of its name.

    Raises
    ------
    FileNotFoundError
        If there is no card for it: its words are a person's.
    """
    stem = f"{config.name}-{config.version}"
    card = weights / f"{stem}.md"
    card_filled(card, report)
    served = {name: figure for name, figure in report.headline.items() if IN_DRAWN_BOXES not in name}
    report = replace(report, headline=served)
    file = weights / f"{stem}.features.json"
    model_write(model, file)
    spots_kept(model, stem, weights)
    row_stored(_row(config, model, report, file), weights)
    sheet_written(report, config.folder / "epochs.csv", card.with_suffix(".json"))


def _row(config: Config, model: FeatureModel, report: Report, file: Path) -> dict[str, Any]:
    (head,) = config.heads
    rule = (
        f"{OWN_RULE} So it is for outlines whose features lie farther from the teaching pictures' means than those of "
        f"{NEAR_ENOUGH:.0%} of the validation pictures: {model.farthest} standard deviations, root mean square."
    )
    return {
        "name": config.name,
        "version": config.version,
        "kind": "measure",
        "architecture": f"logistic regression on {len(model.names)} features",
        "options": {"outline": config.options["outline"]},
        "file": file.name,
        "sha256": digest_of(file),
        "input": {"size": config.size},
        "outputs": [head],
        "labels": {head: list(model.labels)},
        "temperature": {head: model.temperature},
        "thresholds": {head: model.threshold},
        "card": f"{config.name}-{config.version}.md",
        "metrics": headline_rows(report),
        "bytes": file.stat().st_size,
        "trained": {key: report.about[key] for key in ("date", "config_digest", "data_digest", "outlined_by")},
        "threshold_rule": rule,
    }
