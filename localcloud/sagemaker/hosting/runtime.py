"""Serve InvokeEndpoint: find the endpoint, choose a variant and call its model."""

import asyncio
import random
from contextlib import nullcontext, suppress
from http import HTTPStatus
from time import perf_counter
from urllib.parse import quote

from localcloud.api.protocol import Answer, Request, ServiceError
from localcloud.sagemaker.api.store import ENDPOINT, RecordStore
from localcloud.sagemaker.hosting.container import ModelTimeoutError
from localcloud.sagemaker.hosting.deployment import Deployment
from localcloud.sagemaker.hosting.endpoints import Endpoints
from localcloud.sagemaker.hosting.telemetry import Telemetry

# botocore's sagemaker-runtime model: the maximum of InvokeEndpoint's Body.
MAX_BODY_BYTES = 6_291_456
# A model answers within 60 s:
# https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
MODEL_TIME_LIMIT_SECONDS = 60.0

_PREFIX = "x-amzn-sagemaker-"
# The headers that a client sends to the model itself.
_FORWARDED = ("content-type", "accept", f"{_PREFIX}custom-attributes")
_NOT_EMULATED = (
    "target-container-hostname",
    "inference-component",
    "enable-explanations",
    "session-id",
)


class InvalidInvocationError(ServiceError):
    """The invocation names a missing endpoint, variant or option."""

    code = "ValidationError"
    status = int(HTTPStatus.BAD_REQUEST)


class PayloadTooLargeError(ServiceError):
    """The payload is larger than SageMaker's limit."""

    code = "413"
    status = int(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


class ModelError(ServiceError):
    """The model answered with an error, or did not answer in time."""

    code = "ModelError"
    status = int(HTTPStatus.FAILED_DEPENDENCY)


class Runtime:
    """Invoke the endpoints of one region."""

    def __init__(
        self,
        store: RecordStore,
        endpoints: Endpoints,
        telemetry: Telemetry,
        account: str,
        region: str,
        time_limit_seconds: float,
    ) -> None:
        self._store = store
        self._endpoints = endpoints
        self._telemetry = telemetry
        self._account = account
        self._region = region
        self._time_limit_seconds = time_limit_seconds
        self._shadowing: set[asyncio.Task[Answer | None]] = set()

    async def invoke(self, endpoint: str, request: Request) -> Answer:
        """Return the answer of a model: that of the target variant, else of a variant by weight.

        Raises:
            InvalidInvocationError: the endpoint is not in service, or does not have the requested
                variant or option.
            ThrottledError: all places of a serverless variant are taken.
            ModelError: the model did not answer 2xx within the time limit.
        """
        _refuse_not_emulated(endpoint, request)
        deployment = await self._endpoints.deployment(endpoint)
        if deployment is None:
            raise InvalidInvocationError(
                f"Endpoint {endpoint} of account {self._account} not found."
            )

        variant = self._variant(endpoint, deployment, request)
        self._shadow(endpoint, deployment, request)
        answer = await self._ask(endpoint, variant, deployment, request)
        if answer is None:
            raise self._model_error(endpoint, 0, _TIMED_OUT)
        if not HTTPStatus(200) <= answer.status < HTTPStatus(300):
            raise self._model_error(endpoint, answer.status, answer.body.decode(errors="replace"))

        kept = {name: answer.headers[name] for name in _FORWARDED if name in answer.headers}

        return Answer(
            HTTPStatus.OK, {**kept, "x-amzn-invoked-production-variant": variant}, answer.body
        )

    async def _ask(
        self, endpoint: str, variant: str, deployment: Deployment, request: Request
    ) -> Answer | None:
        """Return the answer of a variant's model, or None after the time limit, and record its
        metrics.
        """
        headers = {
            name: value for name in _FORWARDED if (value := request.header(name)) is not None
        }
        answer = None
        limit = self._time_limit_seconds
        async with deployment.serverless.get(variant, nullcontext()):
            began = perf_counter()  # a cold start is overhead, not the model's latency
            with suppress(ModelTimeoutError):
                answer = await deployment.containers[variant].invoke(headers, request.body, limit)

        self._telemetry.note(endpoint, variant, deployment, request, answer, began)

        return answer

    def _shadow(self, endpoint: str, deployment: Deployment, request: Request) -> None:
        """Send copies of the request to shadow variants; only metrics and captured data have their
        answers.
        """
        for variant, share in deployment.shadows.items():
            if random.random() < share:  # noqa: S311
                task = asyncio.create_task(self._ask(endpoint, variant, deployment, request))
                self._shadowing.add(task)  # the event loop has weak references only
                task.add_done_callback(self._shadowing.discard)

    def _variant(self, endpoint: str, deployment: Deployment, request: Request) -> str:
        variants = self._store.get(ENDPOINT, endpoint)["ProductionVariants"]
        stored: dict[str, float] = {
            variant["VariantName"]: variant["CurrentWeight"] for variant in variants
        }
        # ^A new fleet may have variants that the description of the endpoint lacks.
        weights = {name: stored.get(name, weight) for name, weight in deployment.weights.items()}
        target = request.header(f"{_PREFIX}target-variant")
        if target is None:
            # ^random.choices raises an error if all weights are 0.
            even = [1.0] * len(weights)
            return random.choices(  # noqa: S311
                list(weights), list(weights.values()) if any(weights.values()) else even
            )[0]
        if target not in weights:
            raise InvalidInvocationError(f"Endpoint {endpoint} has no production variant {target}.")

        return target

    def _model_error(self, endpoint: str, status: int, message: str) -> ModelError:
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        side = "client" if HTTPStatus(400) <= status < HTTPStatus(500) else "server"
        console = (
            f"https://{self._region}.console.aws.amazon.com/cloudwatch/home?region={self._region}"
        )
        return ModelError(
            f'Received {side} error ({status}) from primary with message "{message}". '
            f"See {console}#logEventViewer:group={quote(group)} in account {self._account} for "
            "more information.",
            OriginalStatusCode=status,
            OriginalMessage=message,
            LogStreamArn=f"arn:aws:logs:{self._region}:{self._account}:log-group:{group}",
        )


_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the "
    "latency metrics for "
    "each container in Amazon CloudWatch, resolve the issue, and try again."
)


def _refuse_not_emulated(endpoint: str, request: Request) -> None:
    if request.header(f"{_PREFIX}target-model"):
        message = (
            f"Endpoint {endpoint} is not a multi-model endpoint and does not support "
            "target model header."
        )
        raise InvalidInvocationError(message)
    for name in _NOT_EMULATED:
        if request.header(_PREFIX + name):
            raise InvalidInvocationError(
                f"The header {_PREFIX}{name} is not emulated by the local SageMaker."
            )
