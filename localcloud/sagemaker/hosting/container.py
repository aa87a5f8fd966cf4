"""One model behind the two calls that SageMaker makes to a container: GET /ping and POST /invocations."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Self

from starlette.types import ASGIApp

from localcloud.api.protocol import Answer
from localcloud.sagemaker.algorithms import ContainerFactory
from localcloud.sagemaker.hosting.asgi import call_app

# How long a new container may take to answer /ping. AWS gives it 2 s, and 8 minutes of trying.
_PING_SECONDS = 10.0


class UnhealthyContainerError(Exception):
    """The container did not start, or does not answer /ping with 200."""


class ModelTimeoutError(Exception):
    """The model did not answer within the time limit."""


@dataclass(frozen=True)
class ModelContainer:
    """A container that answers for one production variant."""

    app: ASGIApp

    @classmethod
    async def start(cls, factory: ContainerFactory, model_folder: Path) -> Self:
        """Load the model and return its container, healthy.

        Raises:
            UnhealthyContainerError: with the reason.
        """
        try:
            app = await asyncio.to_thread(factory, model_folder)
        except Exception as exc:  # whatever a program dies of before it serves: the border of its process on AWS
            raise UnhealthyContainerError(f"{type(exc).__name__}: {exc}") from exc
        try:
            async with asyncio.timeout(_PING_SECONDS):
                ping = await call_app(app, "GET", "/ping", {}, b"")
        except TimeoutError as exc:
            raise UnhealthyContainerError(f"no answer to /ping within {_PING_SECONDS:.0f} s") from exc
        if ping.status != HTTPStatus.OK:
            raise UnhealthyContainerError(f"/ping answered {ping.status}")
        return cls(app)

    async def invoke(self, headers: Mapping[str, str], body: bytes, limit_seconds: float) -> Answer:
        """Return the model's answer, whatever its status.

        Raises:
            ModelTimeoutError: it took longer than the limit.
        """
        try:
            async with asyncio.timeout(limit_seconds):
                return await call_app(self.app, "POST", "/invocations", headers, body)
        except TimeoutError as exc:
            raise ModelTimeoutError from exc
