"""What a configured network takes and gives, as its manifest row says it."""

from dataclasses import dataclass
from typing import Any

from ml.lab.train.classifier import network_of as classifier_network
from ml.lab.train.config import Config
from ml.lab.train.detector import network_of as detector_network
from ml.lab.train.segmenter import network_of as segmenter_network


@dataclass(frozen=True)
class Form:
    """What the kinds of network have in common when they are shipped."""

    kind: str
    architecture: str
    options: dict[str, Any]
    outputs: list[str]
    labels: dict[str, list[str]]


def form_of(config: Config) -> Form:
    """Kind, architecture, outputs and labels of a configured network."""
    if config.task == "classifier":
        outputs = [name for head in config.heads for name in (head, f"{head}_map")]
        labels = {name: list(head.labels) for name, head in config.heads.items()}
        return Form("classify", **classifier_network(config), outputs=[*outputs, "features"], labels=labels)
    if config.task == "segmenter":
        return Form("segment", **segmenter_network(config), outputs=["mask"], labels={"tumour": ["tumour"]})
    label = config.options["label"]
    return Form("detect", **detector_network(config), outputs=["boxes"], labels={label: [label]})
