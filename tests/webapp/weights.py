"""A list of models that declares what the pathways ask for, with nothing behind it: pages only read it."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from ml.cascade.pathways.checks import KIND_OF
from ml.cascade.pathways.load import FOLDER, LABELS

CARD = """# {name}

A drawn card. **Not** a model.

| set | n |
|---|---|
| phantoms | 12 |

<script>alert(1)</script>
"""


def row(name: str, kind: str, labels: dict[str, list[str]], folder: Path) -> dict[str, Any]:
    """Write a model's empty files and return its row of the manifest."""
    nothing = hashlib.sha256(b"").hexdigest()
    for file in (f"{name}.safetensors", f"{name}.xml", f"{name}.bin"):
        (folder / file).write_bytes(b"")
    (folder / f"{name}-1.md").write_text(CARD.format(name=name))
    form = {
        "xml": f"{name}.xml",
        "xml_sha256": nothing,
        "bin": f"{name}.bin",
        "bin_sha256": nothing,
        "precision": "int8",
    }
    return {
        "name": name,
        "version": "1",
        "kind": kind,
        "architecture": "none",
        "options": {},
        "file": f"{name}.safetensors",
        "sha256": nothing,
        "bytes": 0,
        "input": {"size": 128},
        "outputs": [],
        "openvino": None if kind == "measure" else form,
        "labels": labels,
        "temperature": {},
        "thresholds": dict.fromkeys(labels, 0.4),
        "card": f"{name}-1.md",
        "metrics": {"accuracy": {"value": 0.912, "n": 500, "low": 0.884, "high": 0.934}},
    }


def heads_declared() -> dict[tuple[str, str], dict[str, list[str]]]:
    """Return what the pathway files ask for: (model, kind) -> head -> labels. A new pathway needs no line here."""
    files = [tomllib.loads(file.read_text()) for file in sorted(FOLDER.glob("*.toml")) if file.name != LABELS]
    questions = dict(tomllib.loads((FOLDER / LABELS).read_text())["questions"])
    for file in files:
        for question, labels in file.get("labels", {}).items():
            questions[question] = {**questions.get(question, {}), **labels}
    models: dict[tuple[str, str], dict[str, list[str]]] = {}
    for stage in (stage for file in files for stage in file["stages"]):
        labels = [stage["finds"]] if "finds" in stage else list(questions[stage["asks"]])
        models.setdefault((stage["model"], KIND_OF[stage["operation"]]), {})[stage["head"]] = labels
    return models


def manifest_drawn(folder: Path) -> Path:
    """Write the list and its files; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    models = [row(name, kind, labels, folder) for (name, kind), labels in heads_declared().items()]
    (folder / "manifest.json").write_text(json.dumps({"models": models}))
    return folder
