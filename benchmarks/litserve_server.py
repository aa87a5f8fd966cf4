"""LitServe with the model of a local endpoint, in an environment that holds LitServe: see endpoint_servers.

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
    """The same decoding, backbone and head as in the endpoint."""

    def setup(self, _: str) -> None:
        """Load the model; once in each worker."""
        self.model = model.load(Path(sys.argv[1]))

    def decode_request(self, request: Annotated[bytes, Body()]) -> bytes:
        """Take the body as it is: base64 in JSON, which the documentation shows for images, takes longer."""
        return request

    def predict(self, image: bytes) -> list[float]:
        """Class probabilities of an encoded image."""
        return self.model.classify(image)


if __name__ == "__main__":
    api = ImageClassification(api_path=sys.argv[3])
    # A worker a core, each with a session of one thread.
    server = litserve.LitServer(
        api, accelerator="cpu", devices=1, workers_per_device=CORES, timeout=False
    )
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="warning"
    )
