"""Compute features with the frozen ImageNet backbone.

backbone.json describes it, and export_backbone.py made it.
"""

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
    """backbone.onnx does not match backbone.json: restore both files from version control."""


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network with fixed weights."""

    name: str
    sha256: str
    session: onnxruntime.InferenceSession

    def features(
        self, image: bytes, view: Callable[[Image.Image], Image.Image] = squeezed
    ) -> NDArray[np.float32]:
        """Return features of shape (2560,) of a view of an encoded image. Thread-safe.

        Raises:
            UndecodableImageError: the image is not a readable JPEG or PNG file.
        """
        pixels = decode(image, view)[np.newaxis]
        (features,) = self.session.run(["features"], {"pixels": pixels})
        return np.asarray(features[0], dtype=np.float32)


@functools.cache
def load_backbone(onnx_file: Path = ONNX_FILE) -> Backbone:
    """Return the backbone, which a process loads once and shares.

    Raises:
        BackboneFileError: the file is missing, or its sha256 is not the one in backbone.json.
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
    """Return a session with one thread per call: parallel calls are faster here than batches."""
    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(LOG_ERRORS_ONLY)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


@functools.cache
def cores() -> ThreadPoolExecutor:
    """Return the threads of the backbone: one per usable core, shared by all models."""
    return ThreadPoolExecutor(_usable_cores(), thread_name_prefix="backbone")


def _usable_cores() -> int | None:
    if sys.version_info >= (3, 13):
        return os.process_cpu_count()
    return len(os.sched_getaffinity(0))  # Linux only; process_cpu_count() needs Python 3.13
