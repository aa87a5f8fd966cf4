"""The parts of the local cloud, put together. To be imported when MiniStack's settings are in the environment."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack
from ministack.core import persistence
from ministack.services import stepfunctions
from starlette.types import ASGIApp

from local.lambda_runtime.ministack_seam import install as install_lambda
from local.lambda_runtime.settings import PoolSettings
from local.ministack.interrupted_executions import restart_interrupted
from local.ministack.seams import install_seams
from local.sagemaker.app import SageMakerApp, create_app
from local.sagemaker.artifacts import S3ArtifactStore
from local.sagemaker.ministack_authorizer import MiniStackAuthorizer
from local.server.checkpoint import keep_saved
from local.server.gateway import Gateway
from local.server.settings import ACCESS_KEY, ACCOUNT, LAMBDA_PYTHON, REGION, SECRET_KEY, Folder

# How long executions may go on once the cloud is told to stop; what is left goes on at the next start.
_DRAIN_SECONDS = 5.0


async def run(
    folder: Folder,
    listener: socket.socket,
    url: str,
    stop: Callable[[], Awaitable[object]],
    on_ready: Callable[[], None],
) -> None:
    """Serve on ``listener`` until ``stop`` returns, then let executions end, save the state and end every process.

    Raises:
        UnsupportedSystemError, RuntimeMissingError: Lambda functions cannot run here.
        SeamMovedError: another version of MiniStack than the pinned one is installed.
        UnreadableStateError: a file of the local SageMaker is damaged.
    """
    install_seams()
    pool = install_lambda(PoolSettings(LAMBDA_PYTHON, folder.temporary / "lambda", url))
    sagemaker = _sagemaker(folder, url)

    def ready() -> None:
        on_ready()
        restart_interrupted()

    gateway = Gateway(ministack.app, sagemaker, ready)

    async def stop_at_rest() -> None:
        await stop()
        await _drain()

    saving = asyncio.create_task(keep_saved(lambda: gateway.last_request, save_state))
    try:
        await sagemaker.start()
        # Hypercorn's type of an app is a union that Starlette's does not match.
        await serve(gateway, _server_config(listener), shutdown_trigger=stop_at_rest)  # type: ignore[arg-type]
    finally:
        saving.cancel()
        pool.close()
        await sagemaker.aclose()


def save_state() -> None:
    """Write what MiniStack knows, as it does itself when it stops; SageMaker and S3 write every change at once."""
    persistence.save_all(ministack._build_persistence_save_dict())


def _sagemaker(folder: Folder, url: str) -> SageMakerApp:
    artifacts = S3ArtifactStore(url, ACCESS_KEY, SECRET_KEY, REGION)
    state = folder.state / "sagemaker"
    return create_app(state, artifacts, MiniStackAuthorizer(), _container, ACCOUNT, REGION)


def _container(model_folder: Path) -> ASGIApp:
    from local.algorithm import serving  # it brings onnxruntime: not before there is a model

    return serving.create_app(model_folder)


def _server_config(listener: socket.socket) -> Config:
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.errorlog = logging.getLogger("hypercorn.error")
    # Longer than clients keep an idle connection in their pools, so that none sends into one that is being closed.
    config.keep_alive_timeout = 75
    return config


async def _drain() -> None:
    deadline = monotonic() + _DRAIN_SECONDS
    while monotonic() < deadline and any(
        execution["status"] == "RUNNING" for execution in stepfunctions._executions.all_values()
    ):
        await asyncio.sleep(0.05)
