"""Create, update and delete endpoints in the background, and load them again after a restart."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from localcloud.api.protocol import InvalidRequestError
from localcloud.sagemaker.api.store import ENDPOINT, Record, RecordStore, timestamp
from localcloud.sagemaker.hosting.data_capture import capture_summary
from localcloud.sagemaker.hosting.deployment import Deployment, DeploymentFailedError, Launcher
from localcloud.sagemaker.hosting.traffic import alarm_names, longest, steps

_logger = logging.getLogger(__name__)
# The longest FailureReason in botocore's model.
_LONGEST_REASON = 1024
# The time of a change of weights. AWS needs some seconds; this time lets a client see `Updating`.
_WEIGHTS_SECONDS = 0.1
_SCALED = ("DesiredWeight", "DesiredInstanceCount")
# The pause between two checks of the alarms during the monitoring period of a new fleet.
_WATCH_SECONDS = 0.2


class Endpoints:
    """The endpoints of one region.

    An endpoint's record has the members of DescribeEndpoint, the plan that it serves (`Serving`)
    and, during an update, the plan that it moves to (`Pending`). A plan is a copy with the place of
    each variant's model, so that an endpoint outlives its configuration and models as on AWS.
    Unpacked models stay on disk: a restart does not need S3.
    """

    def __init__(
        self,
        store: RecordStore,
        launcher: Launcher,
        alarm_states: Callable[[Iterable[str]], dict[str, str]],
        alarm_time: Callable[[], float],
    ) -> None:
        self._store = store
        self._alarm_states = alarm_states
        self._alarm_time = alarm_time
        self._launcher = launcher
        self._serving: dict[str, asyncio.Future[Deployment | None]] = {}
        self._green: dict[
            str, tuple[Deployment, float]
        ] = {}  # the new fleet of an update, and its share of requests
        self._deploying: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Resume the endpoints of an earlier process and their changes, in the background."""
        plans = set()
        for record in self._store.all(ENDPOINT):
            name = record["EndpointName"]
            if serving := record.get("Serving"):
                plans.add(serving["Id"])
                self._serving[name] = asyncio.create_task(self._reload(name, serving))
            if pending := record.get("Pending"):
                plans.add(pending["Id"])
                self._in_background(self._deploy(name, pending))
            elif record["EndpointStatus"] == "Updating":
                self._in_background(self._apply_weights(name))

        self._launcher.keep_only(plans)

    def create(self, members: Record, plan: Record) -> Record:
        """Add an endpoint, `Creating` until its containers answer."""
        record = self._store.create(
            ENDPOINT, {**members, "EndpointStatus": "Creating", "Pending": plan}
        )
        self._in_background(self._deploy(record["EndpointName"], plan))
        return record

    def update(self, name: str, plan: Record) -> Record:
        """Move an endpoint to another plan, `Updating` while the old containers answer.

        Raises:
            InvalidRequestError: the endpoint is missing, or not in service.
        """
        record = self._serving_record(name)
        summary = {"EndpointConfigName": plan["EndpointConfigName"], "StartTime": timestamp()}
        self._change(
            name,
            EndpointStatus="Updating",
            FailureReason=None,
            Pending=plan,
            PendingDeploymentSummary=summary,
        )
        self._in_background(self._deploy(name, plan))

        return record

    def update_weights(self, name: str, desired: dict[str, Record]) -> Record:
        """Give variants other weights or instance counts, `Updating` until they are in force.

        Args:
            name: The name of the endpoint.
            desired: By variant, the members of its description to change: DesiredWeight,
                DesiredInstanceCount.

        Raises:
            InvalidRequestError: the endpoint is missing, or not in service.
        """
        record = self._serving_record(name)
        variants = [
            variant | desired.get(variant["VariantName"], {})
            for variant in record["ProductionVariants"]
        ]
        self._change(
            name, EndpointStatus="Updating", FailureReason=None, ProductionVariants=variants
        )
        self._in_background(self._apply_weights(name))

        return record

    def delete(self, name: str) -> None:
        """Remove an endpoint; requests under way are still answered.

        Raises:
            InvalidRequestError: the endpoint is missing, or is being created or updated.
        """
        record = self._settled(name)
        self._store.delete(ENDPOINT, name)
        self._replace(name, record, None)

    async def deployment(self, name: str) -> Deployment | None:
        """Return the deployment for the next request of an endpoint, or None; wait while a restart
        loads it.
        """
        green, share = self._green.get(name, (None, 0.0))
        if green and random.random() < share:  # noqa: S311
            return green

        serving = self._serving.get(name)
        if serving and not serving.done():
            await asyncio.wait([serving])
            serving = self._serving.get(name)  # an update may have replaced it
        return serving.result() if serving else None

    async def aclose(self) -> None:
        """Stop running changes; `resume` continues them in a later process."""
        loading: list[asyncio.Future[Any]] = [*self._deploying, *self._serving.values()]
        for task in loading:
            task.cancel()
        await asyncio.gather(*loading, return_exceptions=True)

    def _settled(self, name: str) -> Record:
        record = self._store.get(ENDPOINT, name)
        if record["EndpointStatus"] in ("Creating", "Updating"):
            raise InvalidRequestError(
                f'Cannot update in-progress endpoint "{record["EndpointArn"]}".'
            )
        return record

    def _serving_record(self, name: str) -> Record:
        record = self._settled(name)
        if "Serving" not in record:
            raise InvalidRequestError(
                f'Cannot update failed endpoint "{record["EndpointArn"]}"; delete it.'
            )
        return record

    def _in_background(self, change: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(change)
        self._deploying.add(task)  # the event loop has weak references only
        task.add_done_callback(self._deploying.discard)

    async def _deploy(self, name: str, plan: Record) -> None:
        try:
            deployment = await self._launcher.launch(plan, self._store.arn(ENDPOINT, name))
            await self._shift(name, plan, deployment)
        except DeploymentFailedError as exc:
            # ^An endpoint in service stays as it was: AWS rolls a failed update back.
            status = "InService" if "Serving" in self._store.get(ENDPOINT, name) else "Failed"
            members: Record = {
                "EndpointStatus": status,
                "FailureReason": str(exc)[:_LONGEST_REASON],
            }
        # The border of the deployment: an unexpected error must not leave it under way forever.
        except Exception:
            _logger.exception("The deployment of the endpoint %s broke", name)
            status = "InService" if "Serving" in self._store.get(ENDPOINT, name) else "Failed"
            members = {
                "EndpointStatus": status,
                "FailureReason": "The local SageMaker failed. Its log has the cause.",
            }
        else:
            self._replace(name, self._store.get(ENDPOINT, name), deployment)
            members = {"EndpointStatus": "InService", "Serving": plan, **_described(plan)}
            members["LastDeploymentConfig"] = plan.get("DeploymentConfig")
        self._change(name, Pending=None, PendingDeploymentSummary=None, **members)

    async def _shift(self, name: str, plan: Record, green: Deployment) -> None:
        """Let the new fleet answer a growing share of the requests.

        Raises:
            DeploymentFailedError: an alarm goes into ALARM, or the update takes too long.
        """
        if "Serving" not in self._store.get(ENDPOINT, name):
            return
        try:
            end = self._alarm_time() + longest(plan)
            for step in steps(plan):
                self._green[name] = green, step.share
                self._report_step(name, plan, f"{step.share:.0%} of the traffic")
                await self._bake(plan, step.seconds, end)
        except DeploymentFailedError:
            self._launcher.discard(plan)
            raise
        finally:
            del self._green[name]

    async def _bake(self, plan: Record, seconds: float, end: float) -> None:
        deadline = self._alarm_time() + seconds
        while True:
            states = self._alarm_states(alarm_names(plan))
            if in_alarm := sorted(name for name, state in states.items() if state == "ALARM"):
                raise DeploymentFailedError(
                    f"One or more alarms went off, the update was rolled back: {in_alarm}."
                )
            if self._alarm_time() >= end:
                too_long = "The update exceeded its MaximumExecutionTimeoutInSeconds."
                raise DeploymentFailedError(too_long)
            if (left := deadline - self._alarm_time()) <= 0:
                return
            await asyncio.sleep(min(left, _WATCH_SECONDS))

    def _report_step(self, name: str, plan: Record, message: str) -> None:
        status = {"Status": "Baking", "StatusMessage": message, "StartTime": timestamp()}
        variants = [
            {"VariantName": one["VariantName"], "VariantStatus": [status]}
            for one in plan["Variants"]
        ]
        summary = self._store.get(ENDPOINT, name)["PendingDeploymentSummary"]
        self._change(name, PendingDeploymentSummary=summary | {"ProductionVariants": variants})

    async def _apply_weights(self, name: str) -> None:
        await asyncio.sleep(_WEIGHTS_SECONDS)
        variants = [
            variant
            | {
                member.replace("Desired", "Current"): variant[member]
                for member in _SCALED
                if member in variant
            }
            for variant in self._store.get(ENDPOINT, name)["ProductionVariants"]
        ]
        self._change(name, EndpointStatus="InService", ProductionVariants=variants)

    async def _reload(self, name: str, plan: Record) -> Deployment | None:
        try:
            return await self._launcher.launch(plan, self._store.arn(ENDPOINT, name))
        except DeploymentFailedError as exc:
            reason = str(exc)[:_LONGEST_REASON]
            self._change(name, EndpointStatus="Failed", FailureReason=reason, Serving=None)
            return None

    def _replace(self, name: str, record: Record, deployment: Deployment | None) -> None:
        if replaced := self._serving.pop(name, None):
            replaced.cancel()  # it may still load after a restart
        if deployment:
            self._serving[name] = asyncio.get_running_loop().create_future()
            self._serving[name].set_result(deployment)
        if "Serving" in record:
            self._launcher.discard(record["Serving"])

    def _change(self, name: str, **members: Any) -> None:
        changed = {**self._store.get(ENDPOINT, name), **members, "LastModifiedTime": timestamp()}
        self._store.save(
            ENDPOINT, {key: value for key, value in changed.items() if value is not None}
        )


def _described(plan: Record) -> Record:
    variants = [variant["Summary"] for variant in plan["Variants"]]
    shadows = [variant["Summary"] for variant in plan.get("ShadowVariants", [])]
    return {
        "EndpointConfigName": plan["EndpointConfigName"],
        "ProductionVariants": variants,
        "ShadowProductionVariants": shadows or None,
        "DataCaptureConfig": capture_summary(plan.get("DataCaptureConfig")),
    }
