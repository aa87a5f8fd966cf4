"""Serve the model of a local endpoint with LitServe, in LitServe's environment.

python -m benchmarks.litserve_server MODEL_FOLDER PORT PATH
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import litserve  # type: ignore[import-not-found]
from fastapi import Body  # type: ignore[import-not-found]

from algorithm import model

CORES = len(os.sched_getaffinity(0))


class ImageClassification(litserve.LitAPI):  # type: ignore[misc]
    """The decoding, backbone and head of the endpoint."""

    def setup(self, _: str) -> None:
        """Load the model, once in each worker."""
        self.model = model.load(Path(sys.argv[1]))

    def decode_request(self, request: Annotated[bytes, Body()]) -> bytes:
        """Return the raw body; LitServe documents base64 in JSON, which is slower."""
        return request

    def predict(self, image: bytes) -> list[float]:
        """Return the class probabilities of an encoded image."""
        return self.model.classify(image)


if __name__ == "__main__":
    api = ImageClassification(api_path=sys.argv[3])
    # One worker for each core, each with a session of one thread.
    server = litserve.LitServer(
        api, accelerator="cpu", devices=1, workers_per_device=CORES, timeout=False
    )
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="warning"
    )
