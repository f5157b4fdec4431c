"""Imports ultralytics' network and loss, and restores Pillow's `Image.open`.

ultralytics replaces ``PIL.Image.open`` for the whole process, after which a damaged image leads to a search for a
package that is not installed. Import its names from here, and only when they are needed, since the import is slow.
"""

from PIL import Image

from ml.cascade.compat import torchvision  # noqa: F401 - ultralytics imports torchvision, which this makes importable

_pillows_own = Image.open

from ultralytics.nn.tasks import DetectionModel, yaml_model_load  # noqa: E402 - after saving Pillow's own function
from ultralytics.utils.loss import v8DetectionLoss  # noqa: E402

Image.open = _pillows_own

__all__ = ["DetectionModel", "v8DetectionLoss", "yaml_model_load"]
