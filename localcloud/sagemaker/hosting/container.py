"""One model as SageMaker calls it: loaded when its container starts, then asked within a time limit."""

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
    async def start(cls, factory: ContainerFactory, model_folder: Path) -> Self:
        """Load the model and return its container.

        Raises:
            UnhealthyContainerError: with the reason.
        """
        try:
            return cls(await asyncio.to_thread(factory, model_folder))
        except (
            Exception
        ) as exc:  # whatever a program dies of before it serves: the border of its process on AWS
            raise UnhealthyContainerError(f"{type(exc).__name__}: {exc}") from exc

    async def invoke(self, headers: Mapping[str, str], body: bytes, limit_seconds: float) -> Answer:
        """Return the model's answer, whatever its status; an exception of the model is answered 500.

        Raises:
            ModelTimeoutError: it took longer than the limit.
        """
        try:
            async with asyncio.timeout(limit_seconds):
                return await self._answer(headers, body)
        except TimeoutError as exc:
            raise ModelTimeoutError from exc

    async def _answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return await self.model(headers, body)
        except Exception:  # the model is a program of its own: on AWS its server answers so
            _logger.exception("The model failed at an invocation")
            return Answer(int(HTTPStatus.INTERNAL_SERVER_ERROR), {}, b"")
