"""TensorFlow Lite models through LiteRT, on the processor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

THREADS = 2


class Network:
    """One model with one input."""

    def __init__(self, content: bytes, outputs: tuple[str, ...]) -> None:
        """Loads it.

        Args:
            content: The model file.
            outputs: Names of the wanted outputs: the order in which the interpreter lists them is not the graph's.
        """
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter: Any = Interpreter(model_content=content, num_threads=THREADS)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        places = {each["name"]: each["index"] for each in self._interpreter.get_output_details()}
        self._outputs = [places[name] for name in outputs]

    def __call__(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        """The wanted outputs for an input of the model's own shape."""
        self._interpreter.set_tensor(self._input, np.ascontiguousarray(batch, np.float32))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(place) for place in self._outputs]
