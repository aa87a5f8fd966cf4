"""Collect the metrics and captured data of endpoints, and publish them every few seconds."""

import asyncio
import logging
import random
import time
from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any, Protocol

from localcloud.api.protocol import Answer, Request
from localcloud.sagemaker.api.store import ENDPOINT, RecordStore
from localcloud.sagemaker.execution_role import RoleFactory, RoleRefusedError, require_writable
from localcloud.sagemaker.hosting.data_capture import Captured, CaptureFile, Payload, capture_files
from localcloud.sagemaker.hosting.deployment import Deployment
from localcloud.sagemaker.hosting.metrics import TIMED_OUT, Invocation, metric_data

_logger = logging.getLogger(__name__)

PUBLISH_SECONDS = 5.0
# The most captured payloads that wait to be written. More are not captured; AWS does not guarantee
# to capture all.
_MOST_WAITING_BYTES = 64 * 1024**2


class SinkUnavailableError(Exception):
    """Metrics or captured data of endpoints could not be written."""


class TelemetrySink(Protocol):
    """Take metrics and captured data, in a thread."""

    def put_metrics(self, region: str, data: Iterable[Mapping[str, Any]]) -> None:
        """Send metrics of endpoints to CloudWatch.

        Raises:
            SinkUnavailableError: with the reason.
        """

    def put_file(self, region: str, file: CaptureFile) -> None:
        """Write captured data to S3.

        Raises:
            SinkUnavailableError: with the reason.
        """


class Telemetry:
    """The metrics and captured data of the endpoints of one region."""

    def __init__(
        self,
        store: RecordStore,
        sink: TelemetrySink,
        role: RoleFactory,
        region: str,
        publish_seconds: float,
    ) -> None:
        self._store = store
        self._sink = sink
        self._role = role
        self._region = region
        self._publish_seconds = publish_seconds
        self._invocations: list[Invocation] = []
        self._captured: list[Captured] = []
        self._waiting_bytes = 0
        self._not_captured = 0
        self._publishing = asyncio.Lock()
        self._publisher: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start publishing, every few seconds."""
        self._publisher = asyncio.create_task(self._publish_forever())

    async def aclose(self) -> None:
        """Stop publishing; call `publish` before, or pending data is lost."""
        if self._publisher:
            self._publisher.cancel()
            await asyncio.gather(self._publisher, return_exceptions=True)

    def note(
        self,
        endpoint: str,
        variant: str,
        deployment: Deployment,
        request: Request,
        answer: Answer | None,
        began: float,
    ) -> None:
        """Record an invocation whose model was called at ``began`` (of `time.perf_counter`) and has
        ended.

        Overhead is the time between the request's arrival and that call. ``answer`` is None after
        the time limit. ``deployment`` has the capture; failed invocations are not captured.
        """
        status = answer.status if answer else TIMED_OUT
        timings = perf_counter() - began, began - request.received
        capture = deployment.capture
        self._invocations.append(Invocation(endpoint, variant, deployment.config, status, *timings))
        if (
            capture
            and answer
            and status < 300
            and random.random() * 100 < capture["InitialSamplingPercentage"]  # noqa: S311
        ):
            self._capture(endpoint, variant, deployment, request, answer)

    async def publish(self) -> None:
        """Publish the pending data now."""
        async with (
            self._publishing
            # One publication at a time; a second caller waits for the first.
        ):
            invocations = self._invocations
            self._invocations = []
            captured = self._captured
            self._captured = []
            self._waiting_bytes = 0
            if self._not_captured:
                _logger.warning(
                    "%d invocations were not captured: too many wait to be written",
                    self._not_captured,
                )
                self._not_captured = 0
            if invocations:
                await asyncio.to_thread(self._send, invocations, captured)

    def _capture(
        self, endpoint: str, variant: str, deployment: Deployment, request: Request, answer: Answer
    ) -> None:
        assert deployment.capture
        size = len(request.body) + len(answer.body)
        if self._waiting_bytes + size > _MOST_WAITING_BYTES:
            self._not_captured += 1
            return

        self._waiting_bytes += size
        asked = Payload(request.header("content-type"), request.body)
        answered = Payload(answer.headers.get("content-type"), answer.body)
        inference_id = request.header("x-amzn-sagemaker-inference-id")
        of_variant = (deployment.capture, endpoint, variant, time.time())
        role = deployment.roles.get(variant, "")
        self._captured.append(Captured(*of_variant, asked, answered, inference_id, role))

    def _send(self, invocations: list[Invocation], captured: list[Captured]) -> None:
        try:
            self._sink.put_metrics(self._region, metric_data(invocations, self._instances))
        except SinkUnavailableError as exc:
            _logger.warning("The metrics of %d invocations are lost: %s", len(invocations), exc)
        for file in capture_files(captured):
            try:
                self._require_writable(file)
                self._sink.put_file(self._region, file)
            # AWS does not report it.
            except (SinkUnavailableError, RoleRefusedError) as exc:
                _logger.warning("Captured data is lost, %s could not be written: %s", file.url, exc)

    def _require_writable(self, file: CaptureFile) -> None:
        """Ask the role of the variant whether it may write the file.

        Raises:
            RoleRefusedError: the role may not.
        """
        role = self._role(file.role, self._store.arn(ENDPOINT, file.endpoint))
        require_writable(role, file.url, file.kms_key_id, self._region)

    def _instances(self, endpoint: str, variant: str) -> int | None:
        record = self._store.find(ENDPOINT, endpoint) or {}
        variants = {one["VariantName"]: one for one in record.get("ProductionVariants", [])}
        count: int | None = variants.get(variant, {}).get("CurrentInstanceCount")
        return count

    async def _publish_forever(self) -> None:
        while True:
            await asyncio.sleep(self._publish_seconds)
            await self.publish()
