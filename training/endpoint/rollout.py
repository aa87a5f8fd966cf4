"""Have the endpoint serve a model; keep the old configuration until the new one passes its smoke test.

A model and an endpoint configuration are never changed: each rollout creates both, under one dated name that run.json
holds before they exist. After an interruption the same command finds the name there, looks at what the endpoint serves,
and goes on.
"""

from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import Aws, QuotaExceededError, code_of, sentence_of
from training.endpoint import alarms, scaling
from training.endpoint.changes import FAILED, IN_SERVICE, Described, Endpoint
from training.endpoint.configurations import delete_config_and_models, delete_configs_but
from training.endpoint.conversion import check_conversion
from training.endpoint.errors import (
    AlarmRingingError,
    EndpointFailedError,
    RoleRefusedError,
    RolledBackError,
)
from training.endpoint.hosting import Hosting
from training.endpoint.request import endpoint_config_request, model_request
from training.endpoint.strategy import Strategy
from training.models.trained_model import TrainedModel
from training.project.run_file import Attempt


@dataclass
class Rollout:
    """One rollout of a model to the environment's endpoint.

    Args:
        aws: Where the endpoint is.
        endpoint: The stage's endpoint.
        hosting: On what the endpoint is to run.
        model: What it is to serve.
        timeout: Seconds that each change of the endpoint may take.
        attempt: What run.json holds of it: "name" of model and configuration, the configuration "replaced", the
            "scaling" of before, whether an update to it was "sent" whose end was not seen, and whether it has ever
            passed its smoke test ("proved").
        strategy: How requests move to it; None: at once, and not watched.
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
        """What this attempt and earlier ones have noted."""
        return self.attempt.facts

    @property
    def name(self) -> str:
        """The name of the model and of the endpoint configuration."""
        return str(self.facts["name"])

    @property
    def replaced(self) -> str | None:
        """The endpoint configuration before this one; None if the endpoint is new."""
        return self.facts.get("replaced")

    def serve(self) -> None:
        """Create the endpoint or update it, unless it serves the model already, and wait until it does.

        Raises:
            EndpointStuckError, EndpointFailedError, RolledBackError: it does not.
            QuotaExceededError, RoleRefusedError: SageMaker may not make it.
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
        """Undo `serve`: the old configuration serves again, or else there is no endpoint.

        Where that was serverless and the new one is not, the endpoint is deleted first, and nothing
        answers for minutes.

        What has been proved before is left in service: it is not the model then that fails.
        """
        if self.facts.get("proved"):
            return
        if self.replaced and self._was_serverless(self.replaced):
            self.endpoint.say(
                f"is made anew with {self.replaced}: SageMaker makes no instance-based endpoint serverless"
            )
            self.endpoint.delete(self.timeout)
            self.endpoint.create(self.replaced, "serverless endpoints")
            self._expect(self.replaced)
        elif self.replaced:
            scaled = self.facts.get("scaling", [])
            self.endpoint.say(f"moves back to {self.replaced}")
            self.endpoint.roll_back(self.name, self.replaced, self._quota, scaled=bool(scaled))
            self._expect(self.replaced)
            scaling.restore(self.aws.autoscaling, scaled)
        else:
            self.endpoint.say("is deleted: it is new, there is nothing to go back to")
            self.endpoint.delete(self.timeout)
        self._abandon()

    def finish(self) -> None:
        """Scale as asked; keep the configuration that was replaced, for `rollback`, and delete our older ones."""
        if self.hosting.scaling:
            scaling.register(self.aws.autoscaling, self.endpoint.name, self.hosting.scaling)
        else:
            scaling.deregister(
                self.aws.autoscaling, scaling.describe(self.aws.autoscaling, self.endpoint.name)
            )
        self.attempt.note(proved=True, scaling=[], sent=False)
        kept = {self.name, self.replaced or self.name}
        for config in kept:  # an update to what is replaced now may have been interrupted
            alarms.delete(self.aws.cloudwatch, self.endpoint.names, config)
        delete_configs_but(self.aws, self.endpoint, kept)

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

    def _was_serverless(self, replaced: str) -> bool:
        return not self.hosting.is_serverless and bool(self.endpoint.is_serverless(replaced))

    def _usable(self) -> Described | None:
        found = self.endpoint.settled(self._patience)
        if found is None or found["EndpointStatus"] == IN_SERVICE:
            return found
        reason = found.get("FailureReason", "no reason given")
        if found["EndpointStatus"] != FAILED:
            raise EndpointFailedError(
                f"The endpoint {self.endpoint.name} is {found['EndpointStatus']}: {reason} It can neither be "
                "used nor updated; `scones cleanup --yes` removes it."
            )
        self.endpoint.say(
            f"failed ({reason}) and is made anew"
        )  # all that SageMaker allows then is to delete it
        self.endpoint.delete(self.timeout)
        delete_config_and_models(self.aws, self.endpoint, found["EndpointConfigName"])
        return None

    def _was_rolled_back(self, found: Described) -> bool:
        """Whether SageMaker has taken the update back since an earlier try sent it."""
        going = self.facts.get("sent") and found["EndpointConfigName"] == self.replaced
        return bool(going and found.get("FailureReason"))

    def _create_model_and_config(self, found: Described | None = None) -> None:
        tags, hosting = self.endpoint.names.tag_list, self.hosting
        if found and hosting.scaling:
            # An update begins with the configuration's number of instances: not the fewest in the busiest hour.
            running = max(
                variant.get("CurrentInstanceCount", 1) for variant in found["ProductionVariants"]
            )
            hosting = replace(
                hosting, instances=min(max(running, hosting.instances), hosting.scaling.largest)
            )
        model = model_request(self.name, self.model, self.model.role, tags)
        try:
            self.endpoint.prepare(endpoint_config_request(self.name, hosting, tags), model)
        except ClientError as exc:
            if code_of(exc) == "ValidationException" and "role" in str(exc):
                raise RoleRefusedError(f"{sentence_of(exc)} {RoleRefusedError.__doc__}") from exc
            raise

    def _create(self) -> None:
        self._create_model_and_config()
        self.attempt.note(replaced=None, scaling=[], proved=False)
        self.endpoint.say("is being created; on AWS that takes some minutes")
        self.endpoint.create(self.name, self._quota)

    def _replace(self, found: Described) -> None:
        self._create_model_and_config(found)
        old, now = (
            found["EndpointConfigName"],
            scaling.describe(self.aws.autoscaling, self.endpoint.name),
        )
        scaled = self.facts.get("scaling") or now  # what an interrupted try has noted is whole
        self.attempt.note(replaced=old, scaling=scaled, proved=False)
        scaling.deregister(
            self.aws.autoscaling, now
        )  # SageMaker refuses another instance type while anything scales
        self.endpoint.say(f"moves from {old} to {self.name}, and answers meanwhile")
        if self._was_serverless(old):
            self.endpoint.say("leaves serverless for good: `rollback` cannot return to it")
        try:
            watched = (
                self.strategy.request(
                    alarms.put(self.aws.cloudwatch, self.endpoint.names, self.name)
                )
                if self.strategy
                else {}
            )
            self.attempt.note(sent=True)
            self.endpoint.update(self.name, self._quota, **watched)
        except (ClientError, QuotaExceededError, AlarmRingingError):
            self.attempt.note(sent=False)
            alarms.delete(self.aws.cloudwatch, self.endpoint.names, self.name)
            scaling.restore(self.aws.autoscaling, scaled)
            raise

    def _put_alarms(self) -> list[str]:
        return alarms.put(self.aws.cloudwatch, self.endpoint.names, self.name)

    def _expect(self, config: str) -> None:
        try:
            self.endpoint.expect(config, self._patience)
        except RolledBackError:
            scaling.restore(self.aws.autoscaling, self.facts.get("scaling", []))
            self._abandon()
            raise
        self.endpoint.say(f"is in service with {config}")

    def _abandon(self) -> None:
        delete_config_and_models(self.aws, self.endpoint, self.name)
        self.attempt.note(name=None, replaced=None, scaling=[], sent=False)
