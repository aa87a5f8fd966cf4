"""Serve a model from the endpoint, and retain the old configuration until the smoke test passes.

Models and endpoint configurations never change. Each rollout creates both under one dated name,
which run.json stores first. After an interruption the same command reads the name, checks which
model the endpoint serves, and continues.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import Aws, QuotaExceededError, code_of, sentence_of
from training.endpoint import alarms, scaling
from training.endpoint.changes import FAILED, IN_SERVICE, Described, Endpoint
from training.endpoint.configurations import delete_config_and_models, delete_configs_but
from training.endpoint.conversion import check_conversion
from training.endpoint.errors import (
    AlarmActiveError,
    EndpointFailedError,
    RoleRefusedError,
    RolledBackError,
)
from training.endpoint.hosting import Hosting
from training.endpoint.request import endpoint_config_request, model_request
from training.endpoint.strategy import Strategy
from training.endpoint.update_progress import UpdateProgress
from training.models.trained_model import TrainedModel
from training.project.run_file import Attempt


@dataclass
class Rollout:
    """One rollout of a model to the environment's endpoint.

    Args:
        aws: The clients.
        endpoint: The environment's endpoint.
        hosting: Hosting of the endpoint.
        model: The model to serve.
        timeout: Seconds that each change of the endpoint may take.
        attempt: Facts in run.json: the "name" of model and configuration, the "replaced"
            configuration, the earlier "scaling", whether an update was "sent" whose end was not
            seen, and whether the configuration ever passed its smoke test ("smoke_tested").
        strategy: How requests move to the model. None moves them at once, without alarms.
    """

    aws: Aws
    endpoint: Endpoint
    hosting: Hosting
    model: TrainedModel
    timeout: float
    attempt: Attempt
    strategy: Strategy | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """Return the facts that this attempt and earlier attempts recorded."""
        return self.attempt.facts

    @property
    def name(self) -> str:
        """Return the name of the model and of the endpoint configuration."""
        return str(self.facts["name"])

    @property
    def replaced(self) -> str | None:
        """Return the replaced endpoint configuration, None for a new endpoint."""
        return self.facts.get("replaced")

    def serve(self) -> None:
        """Create or update the endpoint, unless it serves the model already, and wait for it.

        Raises:
            EndpointStuckError: The change takes longer than the timeout.
            EndpointFailedError: The endpoint failed.
            RolledBackError: SageMaker rolled back the update.
            QuotaExceededError: The account's quota is too small.
            RoleRefusedError: SageMaker cannot assume the role.
        """
        found = self._usable()

        check_conversion(self.endpoint, found, self.hosting, self.strategy)
        if not self.facts.get("name"):
            self.attempt.note(name=self.endpoint.names.dated())
        if found and found["EndpointConfigName"] == self.name:
            self.endpoint.say(f"is in service with {self.name}")
            return
        if found is None:
            self._create()
        elif not self._was_rolled_back(found):
            self._replace(found)
        self._expect(self.name)

    def roll_back(self) -> None:
        """Undo `serve`: restore the old configuration, or delete a new endpoint.

        If the old configuration is serverless and the new one is not, the endpoint is deleted
        first. Then images fail for some minutes.

        A configuration that ever passed its smoke test stays in service, because the model is not
        the cause then.
        """
        if self.facts.get("smoke_tested"):
            return
        if self.replaced and self._was_serverless(self.replaced):
            self.endpoint.say(
                f"is created again with {self.replaced}, because SageMaker cannot make an "
                "instance-based endpoint serverless"
            )
            self.endpoint.delete(self.timeout)
            self.endpoint.create(self.replaced, "serverless endpoints")
            self._expect(self.replaced)
        elif self.replaced:
            scaled = self.facts.get("scaling", [])
            self.endpoint.say(f"rolls back to {self.replaced}")
            self.endpoint.roll_back(self.name, self.replaced, self._quota, scaled=bool(scaled))
            self._expect(self.replaced)
            scaling.restore(self.aws.autoscaling, scaled)
        else:
            self.endpoint.say("is deleted, because it has no earlier configuration")
            self.endpoint.delete(self.timeout)
        self._abandon()

    def finish(self) -> None:
        """Set the scaling, retain the replaced configuration for `rollback`, delete older ones."""
        if self.hosting.scaling:
            scaling.register(self.aws.autoscaling, self.endpoint.name, self.hosting.scaling)
        else:
            scaling.deregister(
                self.aws.autoscaling, scaling.describe(self.aws.autoscaling, self.endpoint.name)
            )
        self.attempt.note(smoke_tested=True, scaling=[], sent=False)

        retained = {self.name, self.replaced or self.name}
        for config in retained:  # an update to the replaced configuration may have been interrupted
            alarms.delete(self.aws.cloudwatch, self.endpoint.names, config)
        delete_configs_but(self.aws, self.endpoint, retained)

    @property
    def _quota(self) -> str:
        return (
            f"{self.hosting.instance_type} for endpoint usage"
            if self.hosting.instance_type
            else "serverless endpoints"
        )

    @property
    def _patience(self) -> float:
        return self.strategy.patience(self.timeout) if self.strategy else self.timeout

    @property
    def _progress(self) -> UpdateProgress | None:
        """Return the progress of the monitored update, None without a strategy or a name."""
        if self.strategy is None or not self.facts.get("name"):
            return None
        states = partial(alarms.states, self.aws.cloudwatch, self.endpoint.names, self.name)
        return UpdateProgress(self.strategy.monitoring_period, states)

    def _was_serverless(self, replaced: str) -> bool:
        return not self.hosting.is_serverless and bool(self.endpoint.is_serverless(replaced))

    def _usable(self) -> Described | None:
        found = self.endpoint.settled(self._patience, self._progress)
        if found is None or found["EndpointStatus"] == IN_SERVICE:
            return found
        reason = found.get("FailureReason", "no reason given")
        if found["EndpointStatus"] != FAILED:
            raise EndpointFailedError(
                f"The endpoint {self.endpoint.name} is {found['EndpointStatus']}: {reason} It "
                "cannot be used or updated. Run `scones cleanup --yes` to remove it."
            )
        # SageMaker only allows the deletion of a failed endpoint.
        self.endpoint.say(f"failed ({reason}) and is created again")
        self.endpoint.delete(self.timeout)
        delete_config_and_models(self.aws, self.endpoint, found["EndpointConfigName"])
        return None

    def _was_rolled_back(self, found: Described) -> bool:
        """Return whether SageMaker rolled back the update that an earlier attempt sent."""
        unchanged = self.facts.get("sent") and found["EndpointConfigName"] == self.replaced
        return bool(unchanged and found.get("FailureReason"))

    def _create_model_and_config(self, found: Described | None = None) -> None:
        tags = self.endpoint.names.tag_list
        hosting = self.hosting
        if found and hosting.scaling:
            # An update starts with the configuration's number of instances. Start with at least the
            # running number, not with the minimum during peak load.
            running = max(
                variant.get("CurrentInstanceCount", 1) for variant in found["ProductionVariants"]
            )
            hosting = replace(
                hosting, instances=min(max(running, hosting.instances), hosting.scaling.largest)
            )
        model = model_request(
            self.name, self.model, self.model.role, tags, serverless=hosting.is_serverless
        )
        try:
            self.endpoint.prepare(endpoint_config_request(self.name, hosting, tags), model)
        except ClientError as exc:
            if code_of(exc) == "ValidationException" and "role" in str(exc):
                raise RoleRefusedError(f"{sentence_of(exc)} {RoleRefusedError.__doc__}") from exc
            raise

    def _create(self) -> None:
        self._create_model_and_config()
        self.attempt.note(replaced=None, scaling=[], smoke_tested=False)
        self.endpoint.say("is being created, which takes some minutes on AWS")
        self.endpoint.create(self.name, self._quota)

    def _replace(self, found: Described) -> None:
        self._create_model_and_config(found)
        old = found["EndpointConfigName"]
        now = scaling.describe(self.aws.autoscaling, self.endpoint.name)
        scaled = self.facts.get("scaling") or now  # an interrupted attempt recorded all of it
        self.attempt.note(replaced=old, scaling=scaled, smoke_tested=False)
        # SageMaker refuses another instance type while auto-scaling is active.
        scaling.deregister(self.aws.autoscaling, now)
        self.endpoint.say(f"moves from {old} to {self.name}, and keeps answering meanwhile")
        if self._was_serverless(old):
            self.endpoint.say("leaves serverless permanently: `rollback` cannot return to it")
        try:
            watched: dict[str, Any] = {}
            if self.strategy:
                watched = self.strategy.request(self._put_alarms())
            self.attempt.note(sent=True)
            self.endpoint.update(self.name, self._quota, **watched)
        except (ClientError, QuotaExceededError, AlarmActiveError):
            self.attempt.note(sent=False)
            alarms.delete(self.aws.cloudwatch, self.endpoint.names, self.name)
            scaling.restore(self.aws.autoscaling, scaled)
            raise

    def _put_alarms(self) -> list[str]:
        return alarms.put(self.aws.cloudwatch, self.endpoint.names, self.name)

    def _expect(self, config: str) -> None:
        try:
            self.endpoint.expect(config, self._patience, self._progress)
        except RolledBackError:
            scaling.restore(self.aws.autoscaling, self.facts.get("scaling", []))
            self._abandon()
            raise
        self.endpoint.say(f"is in service with {config}")

    def _abandon(self) -> None:
        delete_config_and_models(self.aws, self.endpoint, self.name)
        self.attempt.note(name=None, replaced=None, scaling=[], sent=False)
