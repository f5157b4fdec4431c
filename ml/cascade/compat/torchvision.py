"""Imports torchvision even if its compiled operators cannot be loaded.

The wheel on PyPI is built against CUDA. With a CPU build of torch, its library does not load, and
``import torchvision`` fails because it refers to operators that are not defined. We use only its Python part (the
plain networks), so declaring the missing operators is enough; if the real ones load, nothing is declared. Import
torchvision's names from here.
"""

from importlib.util import find_spec
from pathlib import Path

import torch

_DECLARED = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_KEPT_ALIVE: list[torch.library.Library] = []  # a Library drops its operators when it is garbage-collected


def _compiled_operators_load() -> bool:
    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("torchvision is not installed")
    for library in Path(spec.origin).parent.glob("_C*.so"):
        try:
            torch.ops.load_library(str(library))
        except OSError:
            return False
        return True
    return False


if not _compiled_operators_load():
    _library = torch.library.Library("torchvision", "FRAGMENT")
    for _operator in _DECLARED:
        _library.define(_operator)
    _KEPT_ALIVE.append(_library)

# Only now can torchvision be imported.
from torchvision.models import densenet121, resnet18, resnet50, vgg16_bn  # noqa: E402
from torchvision.models.resnet import BasicBlock  # noqa: E402

__all__ = ["BasicBlock", "densenet121", "resnet18", "resnet50", "vgg16_bn"]
