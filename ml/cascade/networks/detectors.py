"""Detectors: networks that return boxes with probabilities."""

from torch import Tensor, nn


class Detector(nn.Module):
    """YOLOv5 (Jocher 2020) in ultralytics' anchor-free form, for one grey channel.

    Parameters
    ----------
    labels
        Number of classes.
    scale
        "n", "s", "m", "l" or "x": the paper's depth and width.
    """

    def __init__(self, labels: int, scale: str = "n") -> None:
        super().__init__()
        # Imported here: it is slow, and only detectors need it.
        from ml.cascade.compat.ultralytics import DetectionModel, yaml_model_load  # noqa: PLC0415

        layout = yaml_model_load(f"yolov5{scale}.yaml") | {"nc": labels}
        self.yolo = DetectionModel(layout, ch=1, nc=labels, verbose=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Return boxes (N, 4 + labels, A): centre x, centre y, width, height, probabilities.

        In training mode, return the raw side distributions, class logits and feature maps instead.
        """
        answer = self.yolo(pictures)
        if self.training:
            return (answer["boxes"], answer["scores"], *answer["feats"])
        return (answer[0] if isinstance(answer, tuple) else answer,)


def yolov5n(labels: int) -> Detector:
    """Return the smallest YOLOv5."""
    return Detector(labels, "n")
