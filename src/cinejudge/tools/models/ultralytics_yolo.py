"""YOLO11 through the ultralytics package (extra ``yolo``, AGPL-3.0).

The package unpickles its weight file without restriction; the file is the one whose SHA-256 the catalogue names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cinejudge import weights
from cinejudge.tools.models.nanodet import Detections, batches


@cache
def _model() -> Any:
    from ultralytics import YOLO

    return YOLO(str(weights.path("yolo11n", "yolo11n.pt")))


def detect(
    pictures: Iterable[NDArray[np.uint8]],
    *,
    threshold: float = 0.35,
    classes: Sequence[int] | None = None,
    device: str = "cpu",
) -> list[Detections]:
    """Finds objects in RGB pictures; the same contract as :func:`cinejudge.tools.models.nanodet.detect`."""
    found = []
    for batch in batches(pictures):
        results = _model().predict(
            [np.ascontiguousarray(picture[..., ::-1]) for picture in batch],  # the package takes arrays as BGR
            conf=threshold,
            classes=None if classes is None else list(classes),
            device=device,
            verbose=False,
        )
        for boxes in (result.boxes for result in results):
            order = np.argsort(-boxes.conf.cpu().numpy(), kind="stable")
            found.append(
                Detections(
                    boxes.xyxyn.cpu().numpy().astype(np.float32)[order],
                    boxes.conf.cpu().numpy().astype(np.float32)[order],
                    boxes.cls.cpu().numpy().astype(np.int64)[order],
                )
            )
    return found
