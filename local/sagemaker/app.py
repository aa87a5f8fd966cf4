"""The local SageMaker as one ASGI app: both of SageMaker's APIs, for any region."""

import asyncio
import logging
import re
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.requests import Request as Stream
from starlette.types import Receive, Scope, Send

from local.sagemaker.artifacts import ArtifactStore
from local.sagemaker.authorization import Authorizer
from local.sagemaker.container import ContainerFactory
from local.sagemaker.protocol import Answer, Request, ServiceError, control_plane_error, runtime_error
from local.sagemaker.region import Region
from local.sagemaker.runtime import MAX_BODY_BYTES, MODEL_TIME_LIMIT_SECONDS, PayloadTooLargeError

_logger = logging.getLogger(__name__)
_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")


class SageMakerApp:
    """To be mounted in another ASGI app, which calls `start` before the first request and `aclose` after the last."""

    def __init__(
        self,
        state_dir: Path,
        artifact_store: ArtifactStore,
        authorizer: Authorizer,
        container: ContainerFactory,
        account: str,
        default_region: str,
        model_time_limit_seconds: float,
    ) -> None:
        self._state_dir = state_dir
        self._artifact_store = artifact_store
        self._authorizer = authorizer
        self._container = container
        self._account = account
        self._default_region = default_region
        self._model_time_limit_seconds = model_time_limit_seconds
        self._regions: dict[str, Region] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of an ASGI server."""
        if scope["type"] == "http":
            with suppress(ClientDisconnect):  # nobody is left to answer
                await _send(await self._answer(scope, receive), send)

    async def start(self) -> None:
        """Load, in the background, the endpoints of an earlier process.

        Raises:
            UnreadableStateError: a state file is damaged.
        """
        if self._state_dir.is_dir():
            for folder in self._state_dir.iterdir():
                self._region(folder.name)

    async def aclose(self) -> None:
        """Stop what runs; its state stays on disk."""
        await asyncio.gather(*(region.aclose() for region in self._regions.values()))

    def _region(self, name: str) -> Region:
        if name not in self._regions:
            self._regions[name] = Region(
                self._state_dir / name,
                self._account,
                self._artifact_store,
                self._authorizer,
                self._container,
                self._model_time_limit_seconds,
            )
            self._regions[name].resume()
        return self._regions[name]

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        invocations = _INVOCATIONS.fullmatch(scope["path"])
        try:
            request = Request(scope, await _read_body(scope, receive))
            region = self._region(request.signed_region() or self._default_region)
            return await (region.invoke(invocations[1], request) if invocations else region.operate(request))
        except ClientDisconnect:
            raise
        except ServiceError as exc:
            error = exc
        except Exception:  # the border of the service: whatever breaks inside is a 500 outside
            _logger.exception("%s %s failed", scope["method"], scope["path"])
            error = ServiceError("The local SageMaker failed at this request; the log of the local cloud says why.")
        return runtime_error(error) if scope["path"].startswith("/endpoints/") else control_plane_error(error)


def create_app(
    state_dir: Path,
    artifact_store: ArtifactStore,
    authorizer: Authorizer,
    container: ContainerFactory,
    account: str = "000000000000",
    default_region: str = "us-east-1",
    model_time_limit_seconds: float = MODEL_TIME_LIMIT_SECONDS,
) -> SageMakerApp:
    """Return the local SageMaker.

    Args:
        state_dir: A folder of its own, made when needed; one sub-folder a region.
        artifact_store: Reads the model.tar.gz of a model.
        authorizer: Asked before anything is done.
        container: Makes the app (GET /ping, POST /invocations) that serves the model in a folder.
        account: The account of every ARN.
        default_region: The region of a request that does not say for which it is signed.
        model_time_limit_seconds: How long a model may take for one answer.
    """
    return SageMakerApp(
        state_dir, artifact_store, authorizer, container, account, default_region, model_time_limit_seconds
    )


async def _send(answer: Answer, send: Send) -> None:
    headers = {**answer.headers, "x-amzn-requestid": str(uuid4()), "content-length": str(len(answer.body))}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


async def _read_body(scope: Scope, receive: Receive) -> bytes:
    chunks, size = [], 0
    async for chunk in Stream(scope, receive).stream():
        size += len(chunk)
        # What is too much is still read, so that the client can finish sending and hear why; it is not kept.
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
    if size > MAX_BODY_BYTES:
        raise PayloadTooLargeError(f"HTTP content length exceeded {MAX_BODY_BYTES} bytes.")
    return b"".join(chunks)
