"""LAION's improved aesthetic predictor: votes of people, foretold from CLIP's description of a picture.

Five layers without anything between them (https://github.com/christophschuhmann/improved-aesthetic-predictor), trained
on the votes of AVA, of Simulacra Aesthetic Captions and on logos, 1 to 10.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch

from cinejudge import weights
from cinejudge.tools.models import image_text
from cinejudge.tools.models.image_text import ImageText
from cinejudge.tools.models.pixels import Picture

LAYERS = (0, 2, 4, 6, 7)
"""Places of the layers; what is left out drops values in training only."""


@cache
def load(device: str = "cpu") -> Predictor:
    """CLIP and the predictor, loaded once per process."""
    return Predictor(image_text.load("clip", device), weights.path("aesthetic-l14"))


class Predictor:
    """The predictor with its weights."""

    def __init__(self, clip: ImageText, layers: Path) -> None:
        """Binds CLIP ViT-L/14, and reads the layers, as plain tensors only."""
        state = torch.load(layers, map_location="cpu", weights_only=True)
        self._clip = clip
        self._layers = [(state[f"layers.{n}.weight"].numpy(), state[f"layers.{n}.bias"].numpy()) for n in LAYERS]

    def score(self, rgb: Picture) -> float:
        """The vote foretold for a picture, about 1 to 10."""
        x = self._clip.pictures([rgb])[0]
        for weight, bias in self._layers:
            x = weight @ x + bias
        return float(np.asarray(x).item())
