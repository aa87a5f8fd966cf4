"""Serve the local SageMaker as one ASGI app: both of SageMaker's APIs, for all regions."""

import asyncio
import logging
import re
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from localcloud.api.protocol import (
    Answer,
    Request,
    ServiceError,
    control_plane_error,
    runtime_error,
)
from localcloud.sagemaker.api.store import Record
from localcloud.sagemaker.hosting.runtime import MAX_BODY_BYTES, PayloadTooLargeError
from localcloud.sagemaker.region import Region
from localcloud.sagemaker.surroundings import Surroundings

_logger = logging.getLogger(__name__)
_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")


class SageMakerApp:
    """An app that another ASGI app mounts, and starts and closes with `start` and `aclose`.

    Args:
        state_dir: The folder of the state, which is created; each region has a subfolder.
        surroundings: The other services of the local cloud, and the settings.
    """

    def __init__(self, state_dir: Path, surroundings: Surroundings) -> None:
        self._state_dir = state_dir
        self._surroundings = surroundings
        self._regions: dict[str, Region] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of an ASGI server."""
        if scope["type"] == "http":
            with suppress(ClientDisconnect):  # the client has left
                await _send(await self._answer(scope, receive), send)

    async def start(self) -> None:
        """Load the endpoints of an earlier process in the background.

        Raises:
            UnreadableStateError: a state file is damaged.
        """
        if self._state_dir.is_dir():
            for folder in self._state_dir.iterdir():
                self._region(folder.name)

    def resume_jobs(self) -> None:
        """Resume the jobs of an earlier process. Call it when S3 and IAM answer."""
        for region in self._regions.values():
            region.resume_jobs()

    async def stop_jobs(self) -> None:
        """End the processes of all jobs, which a later process resumes. Call it while S3 and IAM
        answer.
        """
        await asyncio.gather(*(region.stop_jobs() for region in self._regions.values()))

    async def publish(self) -> None:
        """Publish pending metrics and captured data. Call it while CloudWatch and S3 answer."""
        await asyncio.gather(*(region.publish() for region in self._regions.values()))

    async def aclose(self) -> None:
        """Stop the endpoints; their state stays on disk."""
        await asyncio.gather(*(region.aclose() for region in self._regions.values()))

    def find_endpoint(self, region: str, name: str) -> Record | None:
        """Return the record of an endpoint, or None."""
        return self._region(region).find_endpoint(name)

    def _region(self, name: str) -> Region:
        if name not in self._regions:
            self._regions[name] = Region(self._state_dir / name, self._surroundings)
            self._regions[name].resume()
        return self._regions[name]

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        invocations = _INVOCATIONS.fullmatch(scope["path"])
        try:
            request = Request(scope, await _read_body(receive))
            region = self._region(request.signed_region() or self._surroundings.default_region)
            return await (
                region.invoke(invocations[1], request) if invocations else region.operate(request)
            )
        except ClientDisconnect:
            raise
        except ServiceError as exc:
            error = exc
        # The border of the service: an unexpected error is a 500.
        except Exception:
            _logger.exception("%s %s failed", scope["method"], scope["path"])
            error = ServiceError(
                "The local SageMaker failed at this request. The log of the local cloud has the "
                "cause."
            )

        return (
            runtime_error(error)
            if scope["path"].startswith("/endpoints/")
            else control_plane_error(error)
        )


async def _send(answer: Answer, send: Send) -> None:
    headers = {
        **answer.headers,
        "x-amzn-requestid": str(uuid4()),
        "content-length": str(len(answer.body)),
    }
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


async def _read_body(receive: Receive) -> bytes:
    chunks = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        # ^The rest of a long body is read and dropped, so that the client can finish and
        # get the error.
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
    if size > MAX_BODY_BYTES:
        raise PayloadTooLargeError(f"HTTP content length exceeded {MAX_BODY_BYTES} bytes.")

    return b"".join(chunks)
