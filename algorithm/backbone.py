"""The frozen ImageNet backbone: pixels in, features out. backbone.json describes it, export_backbone.py made it."""

import functools
import hashlib
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from algorithm.errors import AlgorithmError
from algorithm.pixels import decode, squeezed

ONNX_FILE = Path(__file__).with_name("backbone.onnx")
FEATURES = 2560
LOG_ERRORS_ONLY = 3


class BackboneFileError(AlgorithmError):
    """backbone.onnx is not the file that backbone.json describes: restore both from version control."""


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network that nobody trains any further."""

    name: str
    sha256: str
    session: onnxruntime.InferenceSession

    def features(
        self, image: bytes, view: Callable[[Image.Image], Image.Image] = squeezed
    ) -> NDArray[np.float32]:
        """Features of shape (2560,) of a view of an encoded image. Safe to call from several threads at once.

        Raises UndecodableImageError.
        """
        pixels = decode(image, view)[np.newaxis]
        (features,) = self.session.run(["features"], {"pixels": pixels})
        return np.asarray(features[0], dtype=np.float32)


@functools.cache
def load_backbone(onnx_file: Path = ONNX_FILE) -> Backbone:
    """The backbone, loaded once in a process and shared by all who ask.

    Raises BackboneFileError when the file is missing or its sha256 is not the one in backbone.json beside it.
    """
    try:
        content = onnx_file.read_bytes()
        description = json.loads(onnx_file.with_suffix(".json").read_text(encoding="utf-8"))
        name, expected = description["name"], description["sha256"]
    except (OSError, ValueError, KeyError) as error:
        raise BackboneFileError(str(error)) from error
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != expected:
        raise BackboneFileError(f"its sha256 is {sha256}")
    return Backbone(name, sha256, session(content))


def session(content: bytes) -> onnxruntime.InferenceSession:
    """An inference session of one thread a call: calls run side by side, which is faster here than batches."""
    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(LOG_ERRORS_ONLY)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


@functools.cache
def cores() -> ThreadPoolExecutor:
    """The threads that run the backbone, as many as the process may use cores, shared by all models in the process."""
    return ThreadPoolExecutor(_usable_cores(), thread_name_prefix="backbone")


def _usable_cores() -> int | None:
    if sys.version_info >= (3, 13):
        return os.process_cpu_count()
    return len(os.sched_getaffinity(0))  # Linux alone, as is AWS's container with Python 3.12
