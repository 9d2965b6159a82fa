"""Grounding DINO: finds things named in words (Liu et al., https://arxiv.org/abs/2303.05499)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from cinejudge import weights
from cinejudge.tools.models import pixels, tokens
from cinejudge.tools.models.boxes import suppress
from cinejudge.tools.models.nanodet import Detections
from cinejudge.tools.models.pixels import Picture
from cinejudge.tools.models.pretrained import pretrained

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SHORT_SIDE, LONG_SIDE = 800, 1333
"""Pixels of what the network looks at: the shorter side, as far as the longer allows."""
THRESHOLD = 0.35
"""Least score of the authors' demonstration."""
DUPLICATE = 0.7
"""Overlap from which on two boxes of one name are one thing."""


class Prompt(NamedTuple):
    """Names as the network reads them, such as ``a cat. a dog.``, with marks around."""

    ids: list[int]
    spans: list[slice]
    """Where the words of each name stand."""


@cache
def _loaded(device: str) -> tuple[Any, Tokenizer]:
    folder = weights.path("grounding-dino-tiny")
    return pretrained("GroundingDinoForObjectDetection", folder, device), tokens.read(folder)


def prompt(words: Tokenizer, names: Sequence[str]) -> Prompt:
    """Puts names into one line, and tells which tokens are whose."""
    begin, stop, end = (tokens.mark(words, name) for name in ("[CLS]", ".", "[SEP]"))
    ids, spans = [begin], []
    for name in names:
        own = words.encode(name.lower(), add_special_tokens=False).ids
        spans.append(slice(len(ids), len(ids) + len(own)))
        ids += [*own, stop]
    return Prompt([*ids, end], spans)


@torch.inference_mode()
def detect(
    pictures: Iterable[Picture], names: Sequence[str], *, threshold: float = THRESHOLD, device: str = "cpu"
) -> list[Detections]:
    """Finds things in RGB pictures.

    Args:
        pictures: uint8 [H, W, 3].
        names: English words for what to find, without full stops; their places are the classes.
        threshold: Least score, 0 to 1.
        device: ``cpu`` or ``cuda``.

    Raises:
        ValueError: more words than the network reads.
    """
    network, words = _loaded(device)
    asked = prompt(words, names)
    if len(asked.ids) > network.config.max_text_len:
        raise ValueError(f"{len(asked.ids)} tokens; the network reads {network.config.max_text_len}")
    ids = torch.tensor([asked.ids], device=device)
    found = []
    for rgb in pictures:
        seen = pixels.normalised(_resized(rgb), pixels.IMAGENET).to(device)
        answer = network(
            pixel_values=seen,
            pixel_mask=torch.ones_like(seen[:, 0], dtype=torch.long),
            input_ids=ids,
            token_type_ids=torch.zeros_like(ids),
            attention_mask=torch.ones_like(ids),
        )
        found.append(_detections(answer.logits[0].sigmoid().cpu(), answer.pred_boxes[0].cpu(), asked.spans, threshold))
    return found


def _resized(rgb: Picture) -> Tensor:
    height, width = rgb.shape[:2]
    scale = min(SHORT_SIDE / min(height, width), LONG_SIDE / max(height, width))
    return pixels.resized(rgb, round(height * scale), round(width * scale), mode="bilinear")


def _detections(chances: Tensor, boxes: Tensor, spans: Sequence[slice], threshold: float) -> Detections:
    """Each box belongs to the name of its likeliest word; duplicates of one name are dropped.

    Args:
        chances: Of each box for each token, [boxes, tokens].
        boxes: Middle and size as shares of the picture, [boxes, 4].
        spans: Tokens of each name.
        threshold: Least chance.
    """
    scores, classes = torch.stack([chances[:, span].amax(dim=1) for span in spans], dim=1).max(dim=1)
    kept = scores > threshold
    middle, size = boxes[kept, :2], boxes[kept, 2:]
    corners = torch.cat([middle - size / 2, middle + size / 2], dim=1).clamp(0, 1).numpy().astype(np.float32)
    plain, names = scores[kept].numpy().astype(np.float32), classes[kept].numpy().astype(np.int64)
    # Boxes of different names are moved apart so that they never count as duplicates.
    order = suppress(corners + 2 * names[:, None].astype(np.float32), plain, DUPLICATE) if len(plain) else []
    return Detections(corners[order], plain[order], names[order])
