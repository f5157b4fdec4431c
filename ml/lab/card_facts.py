"""What a card says of itself by the release's own files: facts of the manifest, pictures that are kept."""

from pathlib import Path
from typing import Any

from ml.cascade.weights import ModelRow
from ml.lab.markdown_blocks import table

_OUTLINES = {"box": "an ellipse in the box of", "network": "the outline of"}


def facts_told(row: ModelRow) -> str:
    """Return a model's row of the manifest as two Markdown tables."""
    extra: dict[str, Any] = row.model_extra or {}
    trained = extra.get("trained", {})
    facts = [
        ("Name, version", f"{row.name}, {row.version}"),
        ("Released", str(trained.get("date", "not stated"))),
        ("Network" if row.openvino else "Model", _network(row)),
        ("Input", f"one grey picture, {row.size} x {row.size}"),
        ("File", f"{row.file}, sha256 `{row.sha256}`"),
        *_served(row),
        ("Configuration", f"sha256 `{trained.get('config_digest', 'not stated')}`"),
        ("Training data", f"sha256 of its list `{trained.get('data_digest', 'not stated')}`"),
        ("Rule of the thresholds", str(extra.get("threshold_rule", "not stated"))),
        *(
            (f"In a series of many slices, {label}", f"at least {_number(v)}")
            for label, v in row.series_thresholds.items()
        ),
        *_gate(row),
    ]
    answers = [
        (head, ", ".join(labels), _number(row.temperature.get(head)), _thresholds(row, head, labels))
        for head, labels in row.labels.items()
    ]
    asked = table(("question", "answers", "temperature", "threshold"), answers)
    return f"{table(('fact', 'value'), facts)}\n\n{asked}"


def pictures_told(row: ModelRow, weights: Path) -> str:
    """Return the example pictures of a model as Markdown; each is named by its file's last words."""
    stem = f"{row.name}-{row.version}-"
    files = sorted((weights / "pictures").glob(f"{stem}*.png"))
    shown = [f"![{file.stem.removeprefix(stem).replace('-', ' ')}](pictures/{file.name})" for file in files]
    return "\n".join(shown) or "No example pictures are kept with this version."


def _served(row: ModelRow) -> list[tuple[str, str]]:
    """Tell what answers: the forms of a network, or the file itself and where its outlines come from."""
    if row.openvino is None:
        by = ", ".join((row.model_extra or {}).get("trained", {}).get("outlined_by", []))
        return [
            ("Served form", f"that file, {row.precision}"),
            ("Measures", f"{_OUTLINES[row.options['outline']]} {by}"),
        ]
    served = ("Served form", f"{row.precision}, {row.openvino.bin}, sha256 `{row.openvino.bin_sha256}`")
    return [served, *_exact(row)]


def _exact(row: ModelRow) -> list[tuple[str, str]]:
    if row.exact is None:
        return []
    near = ", ".join(f"{name} {_number(room)}" for name, room in row.closeness.items())
    return [
        ("Close calls are asked of", f"the exact form, {row.exact.bin}, sha256 `{row.exact.bin_sha256}`"),
        ("A close call lies within", f"{near} (logarithm of the odds) of a border"),
    ]


def _gate(row: ModelRow) -> list[tuple[str, str]]:
    if row.gate is None:
        return []
    gate = row.gate
    return [
        ("Gate", f"{gate.method}, distance at most {_number(gate.threshold)}, {gate.file}, sha256 `{gate.sha256}`"),
        ("Rule of the gate", gate.rule),
    ]


def _network(row: ModelRow) -> str:
    return " ".join([row.architecture, *(str(row.options[key]) for key in ("trunk", "scale") if key in row.options)])


def _thresholds(row: ModelRow, head: str, labels: list[str]) -> str:
    """Return the thresholds of a question, and of its answers where they have their own."""
    named = [(label, row.thresholds[label]) for label in labels if label in row.thresholds and label != head]
    own = [_number(row.thresholds[head])] if head in row.thresholds else []
    return ", ".join(own + [f"{label}: {_number(value)}" for label, value in named]) or "none"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
