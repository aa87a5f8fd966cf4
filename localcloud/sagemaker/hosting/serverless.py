"""Emulate the capacity of a serverless variant: a cold start, and places for requests.

Source: SageMaker developer guide, "Deploy models with Amazon SageMaker Serverless Inference".
"""

import asyncio
from http import HTTPStatus
from typing import Self

from localcloud.api.protocol import ServiceError
from localcloud.sagemaker.api.store import Record


class ThrottledError(ServiceError):
    """All places of the variant are taken; SageMaker's message is null."""

    code = "ThrottlingException"
    status = int(HTTPStatus.BAD_REQUEST)

    def __init__(self) -> None:
        super().__init__("")


class Capacity:
    """The capacity of a serverless variant; a request takes a place for its duration.

    The first request starts the variant, and all requests wait for the start. A client that
    disconnects does not end the start. AWS starts each place separately; here all places start
    together, and stay.

    Args:
        max_concurrency: The number of places.
        cold_start_seconds: The time of the start.
    """

    def __init__(self, max_concurrency: int, cold_start_seconds: float) -> None:
        self._free = max_concurrency
        self._cold_start_seconds = cold_start_seconds
        self._started_at: float | None = None

    @classmethod
    def of(cls, config: Record, cold_start_seconds: float) -> Self:
        """Return the capacity of a ServerlessConfig; provisioned concurrency has no cold start."""
        return cls(
            config["MaxConcurrency"],
            0 if config.get("ProvisionedConcurrency") else cold_start_seconds,
        )

    async def __aenter__(self) -> None:
        """Take a place and wait for the start.

        Raises:
            ThrottledError: all places are taken.
        """
        if not self._free:
            raise ThrottledError

        self._free -= 1
        try:
            now = asyncio.get_running_loop().time()
            if self._started_at is None:
                self._started_at = now + self._cold_start_seconds
            if self._started_at > now:
                await asyncio.sleep(self._started_at - now)
        except asyncio.CancelledError:
            self._free += 1
            raise

    async def __aexit__(self, *_exception: object) -> None:
        """Free the place."""
        self._free += 1
