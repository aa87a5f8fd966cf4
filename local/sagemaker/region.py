"""SageMaker in one region: its records, its endpoints, and the two APIs over them."""

import asyncio
import json
from pathlib import Path
from typing import Any

from local.sagemaker.artifacts import ArtifactStore
from local.sagemaker.authorization import Authorizer, resource_arns
from local.sagemaker.container import ContainerFactory
from local.sagemaker.endpoints import Endpoints
from local.sagemaker.hosting import Hosting
from local.sagemaker.protocol import Answer, MalformedRequestError, NotEmulatedError, Request, control_plane_answer
from local.sagemaker.runtime import Runtime
from local.sagemaker.service_model import check_request, find_operation, shape_answer
from local.sagemaker.store import ENDPOINT, RecordStore


class Region:
    """Answers the requests that are signed for one region."""

    def __init__(
        self,
        folder: Path,
        account: str,
        artifact_store: ArtifactStore,
        authorizer: Authorizer,
        container: ContainerFactory,
        model_time_limit_seconds: float,
    ) -> None:
        name = folder.name
        self._authorizer = authorizer
        self._store = RecordStore(folder, account, name)
        self._endpoints = Endpoints(self._store, folder / "deployment", artifact_store, container)
        self._operations = Hosting(self._store, self._endpoints).operations
        self._runtime = Runtime(self._store, self._endpoints, account, name, model_time_limit_seconds)

    def resume(self) -> None:
        """Load in the background the endpoints of an earlier process."""
        self._endpoints.resume()

    async def invoke(self, endpoint: str, request: Request) -> Answer:
        """Answer InvokeEndpoint.

        Raises:
            ServiceError: as the runtime API words it.
        """
        self._authorizer.authorize(request, "sagemaker:InvokeEndpoint", self._store.arn(ENDPOINT, endpoint))
        return await self._runtime.invoke(endpoint, request)

    async def operate(self, request: Request) -> Answer:
        """Answer an operation of the control plane.

        Raises:
            ServiceError: as the control plane words it.
        """
        service, _, name = (request.header("x-amz-target") or "").partition(".")
        if service != "SageMaker":
            where = f"{request.scope['method']} {request.scope['path']}"
            raise NotEmulatedError(f"{where} is not emulated by the local SageMaker.")
        model = await asyncio.to_thread(find_operation, name)
        if name not in self._operations:
            raise NotEmulatedError(f"{name} is not emulated by the local SageMaker.")
        members = _parsed(request.body)
        for arn in resource_arns(self._store, members):
            self._authorizer.authorize(request, f"sagemaker:{name}", arn)
        check_request(model, members)
        return control_plane_answer(shape_answer(model, self._operations[name](members)))

    async def aclose(self) -> None:
        """Stop what runs; its state stays on disk."""
        await self._endpoints.aclose()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body or b"{}", object_hook=_without_nulls)
    except ValueError as exc:
        raise MalformedRequestError(f"The request is not JSON: {exc}") from exc
    if not isinstance(members, dict):
        raise MalformedRequestError("The request is not a JSON object.")
    return members


def _without_nulls(members: dict[str, Any]) -> dict[str, Any]:
    # In JSON 1.1 a member that is null is a member that is not there.
    return {name: value for name, value in members.items() if value is not None}
