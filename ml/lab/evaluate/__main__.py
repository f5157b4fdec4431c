"""``python -m ml.lab.evaluate CONFIG...``: measure networks on pictures that they never saw.

What ships is judged in its served form, its forms compared, and its manifest row and card filled; any other in its
run's PyTorch form. A release may keep an older version of a network than its configuration makes, where the new one is
no better: ``--shipped`` judges that one. Writes ``runs/<name>-<version>/test.json``. With ``--cascade`` the served
cascade is judged from end to end, into ``runs/cascade/test.json``.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ml.cascade.runtime import CarefulNetwork, Network, OpenvinoNetwork, TorchNetwork, served_on_cpu
from ml.cascade.weights import ModelRow, forms_told, manifest_read
from ml.lab.data import Picture, data_folder, pictures_read
from ml.lab.evaluate.cascade import cascade_report
from ml.lab.evaluate.classifier import classifier_report
from ml.lab.evaluate.detector import detector_report
from ml.lab.evaluate.format_comparison import Form, forms_compared
from ml.lab.evaluate.metadata import about
from ml.lab.evaluate.report import (
    WEIGHTS,
    Report,
    card_filled,
    headline_rows,
    markdown,
    report_written,
    row_stored,
    sheet_written,
)
from ml.lab.evaluate.runs import as_shipped, run_judged, shipped_row
from ml.lab.evaluate.segmenter import segmenter_report
from ml.lab.evaluate.test_sets import judged_pictures
from ml.lab.train.cli import each, parser_of
from ml.lab.train.config import Config, runs_folder

Judge = Callable[[Network, Config, Path, list[Picture]], Report]
REPORTS: dict[str, Judge] = {
    "classifier": classifier_report,
    "detector": detector_report,
    "segmenter": segmenter_report,
}


def main(arguments: list[str] | None = None) -> int:
    """Measure every model named; 0 when all were, 2 when one could not be (the others are all the same)."""
    parser = parser_of("python -m ml.lab.evaluate", __doc__, needed=False)
    parser.add_argument("--run", action="store_true", help="judge the run's PyTorch form, even of what ships")
    parser.add_argument("--shipped", action="store_true", help="judge what ships of that name, whatever its version")
    parser.add_argument(
        "--form", action="append", default=[], metavar="NAME=FOLDER", help="one more form: a folder like weights/"
    )
    parser.add_argument("--cascade", action="store_true", help="judge the served cascade from end to end")
    chosen = parser.parse_args(arguments)
    forms = {name: Path(place) for name, _, place in (form.partition("=") for form in chosen.form)}

    def act(config: Config, folder: Path, pictures: list[Picture]) -> None:
        if chosen.shipped:
            config = as_shipped(config)
        print(markdown(_measured(config, folder, pictures, as_run=chosen.run, more=forms)), flush=True)

    code = each(chosen.configs, chosen.profile, act)
    return code or (_cascade_measured() if chosen.cascade else 0)


def _cascade_measured() -> int:
    folder = data_folder()
    report = cascade_report(folder, pictures_read(folder))
    _kept(report, runs_folder() / "cascade")
    print(markdown(report), flush=True)
    return 0


def _measured(
    config: Config, folder: Path, pictures: list[Picture], *, as_run: bool, more: Mapping[str, Path]
) -> Report:
    row = None if as_run else shipped_row(config)
    if row is not None:
        return _shipped_measured(config, row, folder, pictures, more)
    network = run_judged(config, folder, pictures)
    report = REPORTS[config.task](network, config, folder, pictures)
    size = (config.folder / "best.pt").stat().st_size
    report.about = about(config, network.row, pictures, form="pytorch", bytes_on_disk=size)
    _kept(report, config.folder)
    return report


def _shipped_measured(
    config: Config, row: ModelRow, folder: Path, pictures: list[Picture], more: Mapping[str, Path]
) -> Report:
    """Judge what ships in every form, and put the served form's figures into the manifest and the card."""
    judge = REPORTS[config.task]
    exact: Network = TorchNetwork(row, WEIGHTS, device="cpu")
    full = Form("PyTorch", exact, (WEIGHTS / row.file).stat().st_size, judge(exact, config, folder, pictures))
    served = _form("served", served_on_cpu(row, WEIGHTS), WEIGHTS, judge, config, folder, pictures)
    others = [served]
    if row.exact:
        others.append(_form("int8 alone", OpenvinoNetwork(row, WEIGHTS), WEIGHTS, judge, config, folder, pictures))
    for name, place in more.items():
        network = served_on_cpu(manifest_read(place)[config.name], place)
        others.append(_form(name, network, place, judge, config, folder, pictures))
    report = served.report
    forms_compared(report, full, others, config, folder, judged_pictures(config, pictures))
    report.about = about(config, row, pictures, form=forms_told(row), bytes_on_disk=served.bytes)
    _kept(report, config.folder)
    row_stored(row.model_dump() | {"metrics": headline_rows(report)})
    card_filled(WEIGHTS / row.card, report)
    sheet_written(report, config.folder / "epochs.csv", (WEIGHTS / row.card).with_suffix(".json"))
    return report


def _form(
    name: str, network: Network, weights: Path, judge: Judge, config: Config, folder: Path, pictures: list[Picture]
) -> Form:
    forms = [network.row.openvino, network.row.exact if isinstance(network, CarefulNetwork) else None]
    files = [file for form in forms if form for file in (form.xml, form.bin)]
    size = sum((weights / file).stat().st_size for file in files)
    return Form(name, network, size, judge(network, config, folder, pictures))


def _kept(report: Report, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    report_written(report, folder / "test.json")


if __name__ == "__main__":
    sys.exit(main())
