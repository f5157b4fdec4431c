"""A list of models that declares what the pathways ask for, with nothing behind it: pages only read it."""

import hashlib
import json
from pathlib import Path
from typing import Any

XR = ["elbow", "finger", "forearm", "hand", "humerus", "shoulder", "wrist", "joint", "leg", "chest"]
SORTER = {
    "scope": ["medical", "other"],
    "modality": ["CT", "MR", "US", "XR"],
    "xr_part": XR,
    "mr_region": ["brain", "knee"],
    "plane": ["axial", "sagittal", "coronal"],
}
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
        "openvino": {
            "xml": f"{name}.xml",
            "xml_sha256": nothing,
            "bin": f"{name}.bin",
            "bin_sha256": nothing,
            "precision": "int8",
        },
        "labels": labels,
        "temperature": {},
        "thresholds": dict.fromkeys(labels, 0.4),
        "card": f"{name}-1.md",
        "metrics": {"accuracy": {"value": 0.912, "n": 500, "low": 0.884, "high": 0.934}},
    }


def manifest_drawn(folder: Path) -> Path:
    """Write the list and its files; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    models = [
        row("sorter", "classify", SORTER, folder),
        row("tumour-detector", "detect", {"tumour": ["tumour"]}, folder),
        row("tumour-segmenter", "segment", {"tumour": ["tumour"]}, folder),
        row("fracture-detector", "detect", {"fracture": ["fracture"]}, folder),
    ]
    (folder / "manifest.json").write_text(json.dumps({"models": models}))
    return folder
