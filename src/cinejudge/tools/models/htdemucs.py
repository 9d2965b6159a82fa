"""Hybrid Transformer Demucs: takes voices out of a mixture (Rouard et al., ICASSP 2023; package ``demucs``)."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from cinejudge.media import Sound

RATE = 44_100
OVERLAP = 0.25
"""Of the stretches that the network listens to one after another, as published."""


@cache
def load(weights: Path, device: str) -> Any:
    """The package's network with the published weights, read as plain tensors only; loaded once per process.

    Raises:
        ValueError: the file is of another network.
    """
    from demucs.htdemucs import HTDemucs

    with safe_open(weights, framework="pt") as file:
        told = file.metadata() or {}
    if told.get("klass") != "demucs.htdemucs.HTDemucs" or json.loads(told.get("args", "[]")):
        raise ValueError(f"{weights.name} holds no Hybrid Transformer Demucs")
    network = HTDemucs(**{name: _plain(value) for name, value in json.loads(told["kwargs"]).items()})
    network.load_state_dict(load_file(weights))
    return network.eval().to(device)


def without_voices(network: Any, sound: Sound) -> Sound:
    """What is heard besides voices, two channels at 44.1 kHz.

    Args:
        network: From :func:`load`.
        sound: Any rate, one or two channels.
    """
    from demucs.apply import apply_model

    channels = [Sound(sound.samples[:, [c]], sound.rate).mono(RATE) for c in range(sound.samples.shape[1])]
    mix = torch.from_numpy(np.stack([channels[0], channels[-1]]))
    # Level and offset as the package takes them off and puts them back.
    whole = mix.mean(0)
    mean, spread = whole.mean(), whole.std().clamp_min(1e-8)
    device = next(network.parameters()).device
    with torch.inference_mode():
        parts = apply_model(network, ((mix - mean) / spread)[None], shifts=0, overlap=OVERLAP, device=device)[0].cpu()
    kept = [place for place, name in enumerate(network.sources) if name != "vocals"]
    rest = parts[kept].sum(0) * spread + mean
    return Sound(np.ascontiguousarray(rest.numpy().T, dtype=np.float32), RATE)


def _plain(value: Any) -> Any:
    """A setting as the network takes it: fractions are written as their two numbers."""
    if isinstance(value, dict) and value.get("_type") == "fraction":
        return Fraction(int(value["numerator"]), int(value["denominator"]))
    return value
