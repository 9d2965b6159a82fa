"""Reads the text of single pictures with PP-OCR models through RapidOCR."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from numpy.typing import NDArray

DETECTOR_SIDE = 960
"""Longer side in pixels at which text is looked for, as PP-OCR's own ``limit_side_len`` with ``limit_type: max``.
Small pictures are not enlarged: on generated clips that finds letters in textures, not more text."""
BOX_CONFIDENCE = 0.5
THREADS = 2


class Read(NamedTuple):
    """One line of text in one picture."""

    text: str
    confidence: float
    """Mean probability of its characters."""
    box: tuple[float, float, float, float]
    """``x0, y0, x1, y1`` as shares of the picture."""


class TextReader:
    """One pair of detection and recognition models. It does not correct what it reads."""

    def __init__(self, models: dict[str, Any], device: str) -> None:
        """Loads the models.

        Args:
            models: RapidOCR parameters that choose them; empty for those inside its wheel.
            device: ``cpu`` or ``cuda``.
        """
        import onnxruntime
        from rapidocr import RapidOCR

        cuda = device == "cuda" and "CUDAExecutionProvider" in onnxruntime.get_available_providers()
        self._engine = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.text_score": 0.0,
                "Global.use_cls": False,  # upright text only; the classifier turns short words over
                "Global.min_side_len": 16,
                "Det.limit_side_len": DETECTOR_SIDE,
                "Det.limit_type": "max",
                "Det.box_thresh": BOX_CONFIDENCE,
                "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "EngineConfig.onnxruntime.use_cuda": cuda,
                **models,
            }
        )

    def read(self, rgb: NDArray[Any]) -> list[Read]:
        """Every line found in a picture (RGB uint8 [H, W, 3]), however unsure."""
        import numpy as np

        found = self._engine(np.ascontiguousarray(rgb[..., ::-1]))
        if found.boxes is None or not found.txts:
            return []
        height, width = rgb.shape[:2]
        lines = []
        for text, confidence, corners in zip(found.txts, found.scores, found.boxes, strict=True):
            points = np.clip(np.asarray(corners, np.float64) / (width, height), 0, 1)
            (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
            lines.append(Read(str(text).strip(), float(confidence), (float(x0), float(y0), float(x1), float(y1))))
        return lines


@cache
def small_reader(device: str) -> TextReader:
    """PP-OCRv6 small, which comes inside RapidOCR's wheel."""
    return TextReader({}, device)


@cache
def server_reader(device: str) -> TextReader:
    """PP-OCRv5 server, the models that MSAVBench names.

    Raises:
        WeightsMissing: they are not on this machine.
    """
    from rapidocr import ModelType, OCRVersion

    from cinejudge import weights

    models: dict[str, Any] = {}
    for stage, file in (("Det", "ch_PP-OCRv5_det_server.onnx"), ("Rec", "ch_PP-OCRv5_rec_server.onnx")):
        models |= {
            f"{stage}.model_path": str(weights.path("ppocrv5-server", file)),
            f"{stage}.ocr_version": OCRVersion.PPOCRV5,
            f"{stage}.model_type": ModelType.SERVER,
        }
    return TextReader(models, device)
