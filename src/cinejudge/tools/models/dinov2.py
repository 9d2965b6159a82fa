"""DINOv2: what a picture shows, learnt without words (Oquab et al., https://arxiv.org/abs/2304.07193)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from cinejudge import weights
from cinejudge.tools.models import pixels
from cinejudge.tools.models.pixels import Picture
from cinejudge.tools.models.pretrained import pretrained

SIDE = 224
FORM = pixels.Form(pixels.IMAGENET, cut=True, margin=256 / 224)


@cache
def _network(device: str) -> Any:
    return pretrained("Dinov2Model", weights.path("dinov2-base"), device)


@torch.inference_mode()
def describe(pictures: Iterable[Picture], device: str = "cpu") -> NDArray[np.float32]:
    """Descriptions of pictures, float32 [N, 768], each of length 1; compare by the cosine."""
    batch = pixels.squares(pictures, SIDE, FORM).to(device)
    found = _network(device)(pixel_values=batch).pooler_output
    return np.asarray(functional.normalize(found, dim=-1).cpu().numpy(), np.float32)
