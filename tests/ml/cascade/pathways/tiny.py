"""A tiny classifier with real files, whose answers are known: the brighter the picture, the surer of its last label."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from openvino import opset13 as ops
from safetensors.numpy import save_file

SIDE = 32


def tiny_classifier(folder: Path, *, name: str, head: str, labels: list[str], **fields: Any) -> dict[str, Any]:
    """Write a network's files and its card; return its row of the manifest.

    Its last label gets the logit 20 (mean grey value - 0.3), all others nothing; its activation map is the
    picture itself, pooled to 4 x 4.
    """
    squares = ops.parameter([-1, 1, SIDE, SIDE], np.float32, name="squares")
    coarse = ops.avg_pool(squares, [8, 8], [0, 0], [0, 0], [8, 8], exclude_pad=False)
    mean = ops.reduce_mean(coarse, ops.constant([2, 3]), keep_dims=False)
    speaks = ops.multiply(ops.subtract(mean, ops.constant(np.float32(0.3))), ops.constant(np.float32(20)))
    nothing = ops.multiply(mean, ops.constant(np.float32(0)))
    logits = ops.concat([*[nothing] * (len(labels) - 1), speaks], axis=1)
    activation = ops.concat([coarse] * len(labels), axis=1)
    outputs = {head: logits, f"{head}_map": activation, "features": ops.multiply(mean, ops.constant(np.float32(1)))}
    for called, node in outputs.items():
        node.output(0).get_tensor().set_names({called})
    model = openvino.Model([ops.result(node) for node in outputs.values()], [squares], name)
    openvino.save_model(model, folder / f"{name}-1.xml", compress_to_fp16=False)
    save_file({"nothing": np.zeros(1, np.float32)}, folder / f"{name}-1.safetensors")
    (folder / f"{name}-1.md").write_text(f"# {name}\n\nDrawn for a test.\n")
    return {
        "name": name,
        "version": "1",
        "kind": "classify",
        "architecture": "classifier",
        "options": {},
        "file": f"{name}-1.safetensors",
        "sha256": digest(folder / f"{name}-1.safetensors"),
        "openvino": {
            "xml": f"{name}-1.xml",
            "xml_sha256": digest(folder / f"{name}-1.xml"),
            "bin": f"{name}-1.bin",
            "bin_sha256": digest(folder / f"{name}-1.bin"),
            "precision": "float32",
        },
        "input": {"size": SIDE},
        "outputs": list(outputs),
        "labels": {head: labels},
        "card": f"{name}-1.md",
        **fields,
    }


def digest(file: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
