"""Networks of the ``transformers`` package (extra ``hub``), read from the weights folder and from nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def pretrained(network: str, folder: Path, device: str, *, safetensors: bool = True) -> Any:
    """A network with its weights, ready to be asked.

    The folder holds data only: ``config.json`` and tensors. Nothing is looked up on a hub, and no code comes along.

    Args:
        network: Name of the class in ``transformers``.
        folder: Verified files; see :func:`cinejudge.weights.path`.
        device: ``cpu`` or ``cuda``.
        safetensors: Whether the weights are; else ``pytorch_model.bin``, of which only tensors are read.

    Raises:
        ValueError: the files leave a part of the network without weights.
    """
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()  # what it says of its own configuration means nothing here
    transformers.utils.logging.disable_progress_bar()
    made, loading = getattr(transformers, network).from_pretrained(
        str(folder),
        local_files_only=True,
        use_safetensors=safetensors,
        weights_only=True,
        output_loading_info=True,
        dtype=torch.float32,
    )
    # Constants that a network keeps beside its weights need not be in the file.
    lacking = sorted(set(loading["missing_keys"]) & {name for name, _ in made.named_parameters()})
    if lacking:
        raise ValueError(f"{folder.name} has no weights for {', '.join(lacking[:3])} of {network}")
    return made.to(device).eval()
