"""OpenVINO's intermediate representation of a network: made, written, named for the manifest."""

import hashlib
from pathlib import Path
from typing import Any

import openvino
import torch
from torch import nn

from ml.lab.train.model_spec import Form


def converted(network: nn.Module, form: Form, size: int) -> Any:
    """Convert a network that answers (not one that learns) with a free batch size.

    Parameters
    ----------
    size
        Side of the square input in pixels.
    """
    example = torch.rand(2, 1, size, size)
    with torch.inference_mode():
        network(example)  # a detector keeps its grid of places from the first call on
    with torch.no_grad():
        traced = torch.jit.trace(network, example, check_trace=False)
    model = openvino.convert_model(traced, input=[-1, 1, size, size])
    for port, name in zip(model.outputs, form.outputs, strict=True):
        port.get_tensor().set_names({name})
    return model


def form_saved(model: Any, xml: Path, *, precision: str) -> dict[str, str]:
    """Write a model, what is not quantised in half precision, and return what a manifest row says of its files."""
    openvino.save_model(model, xml, compress_to_fp16=True)
    weights = xml.with_suffix(".bin")
    return {
        "xml": xml.name,
        "xml_sha256": digest_of(xml),
        "bin": weights.name,
        "bin_sha256": digest_of(weights),
        "precision": precision,
    }


def digest_of(file: Path) -> str:
    """Sha256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
