"""Load one model with its container, and invoke it with a time limit."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Self

from localcloud.api.protocol import Answer
from localcloud.sagemaker.algorithms import ContainerFactory, Invoke

_logger = logging.getLogger(__name__)


class UnhealthyContainerError(Exception):
    """The model cannot be loaded."""


class ModelTimeoutError(Exception):
    """The model did not answer within the time limit."""


@dataclass(frozen=True)
class ModelContainer:
    """A container that answers for one production variant."""

    model: Invoke

    @classmethod
    async def start(
        cls, factory: ContainerFactory, model_folder: Path, variables: Mapping[str, str]
    ) -> Self:
        """Load the model with its environment variables, and return its container.

        Raises:
            UnhealthyContainerError: with the reason.
        """
        try:
            return cls(await asyncio.to_thread(factory, model_folder, variables))
        except (
            Exception
            # A program fails before it serves: on AWS this is the border of its process.
        ) as exc:
            raise UnhealthyContainerError(f"{type(exc).__name__}: {exc}") from exc

    async def invoke(self, headers: Mapping[str, str], body: bytes, limit_seconds: float) -> Answer:
        """Return the model's answer with its status; an exception of the model is answered 500.

        Raises:
            ModelTimeoutError: the answer took longer than the limit.
        """
        try:
            async with asyncio.timeout(limit_seconds):
                return await self._answer(headers, body)
        except TimeoutError as exc:
            raise ModelTimeoutError from exc

    async def _answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return await self.model(headers, body)
        # The model is a separate program: on AWS its server answers 500.
        except Exception:
            _logger.exception("The model failed at an invocation")
            return Answer(int(HTTPStatus.INTERNAL_SERVER_ERROR), {}, b"")
