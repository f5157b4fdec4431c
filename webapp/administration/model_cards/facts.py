"""What a model is and how it came about, as pairs of a word and a value."""

from collections.abc import Callable, Mapping
from typing import Any

from webapp.foundation.core.formatting import format_file_size
from workers.api import KeptReport, ListedModel, ModelSheet

Pairs = list[tuple[str, str]]


def model_facts(model: ListedModel, sheet: ModelSheet) -> Pairs:
    """Return the facts that are known, in reading order; what is not known is left out."""
    about = sheet.report.about if sheet.report else {}
    shipped = [
        ("Version", model.version),
        ("sha256", model.sha256),
        ("Architecture", str(about.get("architecture", sheet.architecture))),
        ("Input", f"{sheet.size} x {sheet.size} pixels"),
        ("Served as", sheet.precision),
        ("Weights", format_file_size(model.bytes)),
    ]
    trained = [(word, tell(about[key])) for key, word, tell in TOLD if _is_known(about.get(key))]
    digests = [
        (word, value)
        for key, word in (("date", "Trained"), ("data_digest", "Data digest"), ("config_digest", "Config digest"))
        if (value := sheet.trained.get(key) or str(about.get(key) or ""))
    ]
    return [*shipped, *trained, *digests]


def threshold_rows(model: ListedModel, sheet: ModelSheet) -> list[tuple[str, str, str, str]]:
    """Return question or finding, its labels, its threshold, and the temperature of its calibration."""
    return [
        (
            name.replace("_", " "),
            ", ".join(label.replace("_", " ") for label in model.labels.get(name, [])),
            f"{threshold:.3f}",
            f"{sheet.temperature[name]:.2f}" if name in sheet.temperature else "-",
        )
        for name, threshold in model.thresholds.items()
    ]


def report_of(sheet: ModelSheet) -> KeptReport:
    """Return the report, an empty one where there is none."""
    return sheet.report or KeptReport()


def _is_known(value: Any) -> bool:
    return value not in (None, "", [], {})


def _counted(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _start(value: Any) -> str:
    return ", ".join(f"{key} {said}" for key, said in value.items()) if isinstance(value, Mapping) else str(value)


def _minutes(value: Any) -> str:
    return f"{value / 60:.0f} min" if isinstance(value, int | float) else str(value)


def _unit(form: str) -> Callable[[Any], str]:
    return lambda value: form.format(value) if isinstance(value, int | float) else str(value)


#: Key of `about`, the page's word, and how its value is put.
TOLD: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("parameters", "Parameters", _counted),
    ("gflop", "Operations per picture", _unit("{:.2f} GFLOP, multiplications and additions counted separately")),
    ("ms", "Time per picture, eager mode", _unit("{:.1f} ms")),
    ("profile", "Profile", str),
    ("epochs", "Epochs", _counted),
    ("seconds", "Training took", _minutes),
    ("pictures_taught", "Training pictures", _counted),
    ("without", "Collections never seen in training in training in training", _listed),
    ("start", "Started from", _start),
    ("form", "Judged as", str),
)
