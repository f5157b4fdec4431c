"""``python -m ml.lab.radiomics CONFIG...``: teach a model of features, and judge it beside the network.

No set of the data has both drawn outlines and kinds: outlines are those that the shipped networks draw, in boxes that
a person drew where there are any. The test split is judged twice: in drawn boxes, and in boxes that the detector finds.
Writes ``features.json`` (the model), ``test.json`` (the figures) and ``config.json`` into the run's folder; with
``--ship``, of configurations that say ``ships``, also what is served: file, row and the card's tables.
"""

import hashlib
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ml.cascade.measurements.feature_model import FeatureModel, model_write
from ml.cascade.runtime import served_on_cpu
from ml.cascade.weights import manifest_read
from ml.lab.data import Picture, data_digest, in_split
from ml.lab.evaluate.operating_points import RIGHT_WHEN_ANSWERED
from ml.lab.evaluate.report import WEIGHTS, Report, markdown, report_written
from ml.lab.radiomics.evaluate import (
    IN_DRAWN_BOXES,
    Judged,
    asked_told,
    beside_told,
    false_boxes_told,
    kept_told,
    moved_told,
    reasons_told,
    weights_told,
)
from ml.lab.radiomics.export import shipped
from ml.lab.radiomics.fit import model_calibrated, model_fitted
from ml.lab.radiomics.outlines import Outliners, outlined, outliners_load
from ml.lab.train.cli import each, parser_of
from ml.lab.train.config import Config
from ml.lab.train.eligibility import asked

MODEL = "features.json"


def main(arguments: list[str] | None = None) -> int:
    """Teach and judge what the configurations say; 0 when done, 2 when one could not be."""
    parser = parser_of("python -m ml.lab.radiomics", __doc__)
    parser.add_argument("--ship", action="store_true", help="put what is to be served into the weights")
    chosen = parser.parse_args(arguments)
    return each(chosen.configs, chosen.profile, partial(_made, ships=chosen.ship))


def _made(config: Config, folder: Path, pictures: list[Picture], *, ships: bool) -> None:
    networks = outliners_load(config)
    taught = _judged(config, networks, folder, asked(config, pictures, "train"), in_drawn_boxes=True)
    chosen = _judged(config, networks, folder, asked(config, pictures, "val"), in_drawn_boxes=True)
    model = _model(config, taught, chosen)
    report = _report(config, model, networks, folder, asked(config, pictures, "test"))
    none = [picture for picture in in_split(pictures, "test") if picture.finding == config.options["none"]]
    if none:
        (name,) = config.heads
        false_boxes_told(report, model, outlined(networks, folder, none, in_drawn_boxes=False), name)
    report.about = _about(config, pictures, taught, model)
    config.folder.mkdir(parents=True, exist_ok=True)
    (config.folder / "config.json").write_text(config.told(), encoding="utf-8")
    model_write(model, config.folder / MODEL)
    report_written(report, config.folder / "test.json")
    if ships and config.options.get("ships"):
        shipped(config, model, report)
    print(markdown(report), flush=True)


def _judged(
    config: Config, networks: Outliners, folder: Path, pictures: list[Picture], *, in_drawn_boxes: bool
) -> Judged:
    """Outline and measure pictures of known kind."""
    drawn = outlined(networks, folder, pictures, in_drawn_boxes=in_drawn_boxes)
    (head,) = config.heads.values()
    return Judged(drawn, drawn.measured(), np.array([head.answer(picture) for picture in pictures], np.intp))


def _model(config: Config, taught: Judged, chosen: Judged) -> FeatureModel:
    (head,) = config.heads.values()
    own, other = taught.part(taught.known), chosen.part(chosen.known)
    measured, judged = ([f for f in part.measured if f is not None] for part in (own, other))
    model = model_fitted(measured, own.truth, own.groups, head.labels, seed=config.seed)
    return model_calibrated(model, judged, other.truth, right_share=RIGHT_WHEN_ANSWERED)


def _report(config: Config, model: FeatureModel, networks: Outliners, folder: Path, pictures: list[Picture]) -> Report:
    (name,) = config.heads
    row = manifest_read(WEIGHTS)[str(config.options["beside"])]
    network, (head,) = served_on_cpu(row, WEIGHTS), row.labels
    boxed = [picture for picture in pictures if picture.boxes]
    report = Report()
    for told, asked_of, in_drawn_boxes in ((name, pictures, False), (f"{name}{IN_DRAWN_BOXES}", boxed, True)):
        judged = _judged(config, networks, folder, asked_of, in_drawn_boxes=in_drawn_boxes)
        asked_told(report, model, judged, told)
        kept_told(report, model, judged, told)
        beside_told(report, model, judged, told, network, head, folder)
        moved_told(report, model, judged, told)
        reasons_told(report, model, judged, told)
    weights_told(report, model)
    return report


def _about(config: Config, pictures: list[Picture], taught: Judged, model: FeatureModel) -> dict[str, Any]:
    rows = manifest_read(WEIGHTS)
    outlining = ("finder",) if config.options["outline"] == "box" else ("finder", "outliner")
    return {
        "name": config.name,
        "version": config.version,
        "profile": config.profile,
        "task": config.task,
        "table": config.table,
        "architecture": f"{len(model.names)} features, logistic regression",
        "size": config.size,
        "pictures_taught": len(taught.known),
        "outlined_by": [f"{n} {rows[n].version}" for n in (str(config.options[k]) for k in outlining)],
        "data_digest": data_digest(pictures),
        "config_digest": hashlib.sha256(config.told().encode()).hexdigest(),
        "temperature": dict.fromkeys(config.heads, model.temperature),
        "thresholds": dict.fromkeys(config.heads, model.threshold),
        "date": datetime.now(UTC).date().isoformat(),
        "form": "JSON",
    }


if __name__ == "__main__":
    sys.exit(main())
