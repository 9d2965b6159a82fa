"""Pictures in the form that a network was trained on: size, cut, mean and deviation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Picture = NDArray[np.uint8]
"""RGB [H, W, 3]."""

Colours = tuple[float, float, float]
IMAGENET: tuple[Colours, Colours] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP: tuple[Colours, Colours] = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
HALF: tuple[Colours, Colours] = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""Mean and deviation of the colours, 0 to 1."""


class Form(NamedTuple):
    """How a picture is brought to a square."""

    colours: tuple[Colours, Colours]
    cut: bool
    """True: the middle square is cut out. False: the whole picture is squeezed."""
    margin: float = 1.0
    """Shorter side before the cut over the square's side."""


def squares(pictures: Iterable[Picture], side: int, form: Form) -> Tensor:
    """Pictures as a batch, float32 [N, 3, side, side]; bicubic with the corners dropped that would alias."""
    return torch.cat([normalised(_square(picture, side, form), form.colours) for picture in pictures])


def resized(rgb: Picture, height: int, width: int, mode: str = "bicubic") -> Tensor:
    """A picture at another size, as PIL would resize it: float32 [1, 3, height, width] of whole numbers 0 to 255."""
    plain = torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None].float()
    small = functional.interpolate(plain, size=(height, width), mode=mode, antialias=True, align_corners=False)
    return small.round().clamp(0, 255)


def normalised(plain: Tensor, colours: tuple[Colours, Colours]) -> Tensor:
    """Colours 0 to 255 as deviations from the mean, [N, 3, H, W]."""
    mean, deviation = (torch.tensor(each).view(1, 3, 1, 1) for each in colours)
    return (plain / 255 - mean) / deviation


def _square(rgb: Picture, side: int, form: Form) -> Tensor:
    if not form.cut:
        return resized(rgb, side, side)
    height, width = rgb.shape[:2]
    short = round(side * form.margin)
    scale = short / min(height, width)
    small = resized(rgb, max(short, int(height * scale)), max(short, int(width * scale)))
    top, left = (small.shape[2] - side) // 2, (small.shape[3] - side) // 2
    return small[:, :, top : top + side, left : left + side]
