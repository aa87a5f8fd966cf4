"""Have the endpoint serve a model, keep the old configuration until the new one is proved, go back if it is not.

A model and an endpoint configuration are never changed: each rollout makes both anew, under one dated name that
run.json holds before they exist. Whatever interrupts a rollout, the same command finds the name there, looks at what
the endpoint serves, and goes on.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import QuotaExceededError, code_of, sentence_of
from training.endpoint import alarms, scaling
from training.endpoint import changes as endpoint
from training.endpoint.changes import FAILED, IN_SERVICE, Endpoint
from training.endpoint.errors import AlarmRingingError, EndpointFailedError, RoleRefusedError, RolledBackError
from training.endpoint.hosting import Hosting
from training.endpoint.request import endpoint_config_request, model_request
from training.endpoint.strategy import Strategy
from training.models.trained_model import TrainedModel
from training.project.step import Context


@dataclass
class Rollout:
    """One rollout of a model to the stage's endpoint.

    Args:
        context: The step's.
        hosting: On what the endpoint is to run.
        model: What it is to serve.
        timeout: Seconds that each change of the endpoint may take.
        facts: What run.json holds of it: "name" of model and configuration, the configuration "replaced", the "scaling"
            of before, whether an update to it was "sent" whose end was not seen, and whether it was ever "proved".
        strategy: How requests move to it; None: at once, and not watched.
    """

    context: Context
    hosting: Hosting
    model: TrainedModel
    timeout: float
    facts: dict[str, Any]
    strategy: Strategy | None = None

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
        endpoint.check_conversion(self.context, found, self.hosting, self.strategy)
        if not self.facts.get("name"):
            self._note(name=self.context.names.dated(datetime.now(UTC)))
        if found and found["EndpointConfigName"] == self.name:
            self._tell(f"is in service with {self.name}")
            return
        if found is None:
            self._create()
        elif not self._was_taken_back(found):
            self._replace(found)
        self._expect(self.name)

    def move_back(self) -> None:
        """Undo `serve`: the old configuration serves again, or else there is no endpoint.

        Where that was serverless and the new one is not, the endpoint is deleted first, and nothing
        answers for minutes.

        What has been proved before is left in service: it is not the model then that fails.
        """
        if self.facts.get("proved"):
            return
        if self.replaced and self._was_serverless(self.replaced):
            self._tell(f"is made anew with {self.replaced}: SageMaker makes no instance-based endpoint serverless")
            endpoint.delete(self.context, self.timeout)
            endpoint.create(self.context, self.replaced, "serverless endpoints")
            self._expect(self.replaced)
        elif self.replaced:
            scaled = self.facts.get("scaling", [])
            self._tell(f"moves back to {self.replaced}")
            endpoint.go_back(self.context, self.name, self.replaced, self._quota, scaled=bool(scaled))
            self._expect(self.replaced)
            scaling.restore(self.context, scaled)
        else:
            self._tell("is deleted: it is new, there is nothing to go back to")
            endpoint.delete(self.context, self.timeout)
        self._abandon()

    def finish(self) -> None:
        """Scale as asked; keep the configuration that was replaced, for `rollback`, and delete our older ones."""
        if self.hosting.scaling:
            scaling.register(self.context, self.hosting.scaling)
        else:
            scaling.deregister(self.context, scaling.describe(self.context))
        self._note(proved=True, scaling=[], sent=False)
        kept = {self.name, self.replaced or self.name}
        for config in kept:  # an update to what is replaced now may have been interrupted
            alarms.delete(self.context, config)
        endpoint.delete_configs_but(self.context, kept)

    @property
    def _quota(self) -> str:
        return (
            f"{self.hosting.instance_type} for endpoint usage" if self.hosting.instance_type else "serverless endpoints"
        )

    @property
    def _patience(self) -> float:
        return self.strategy.patience(self.timeout) if self.strategy else self.timeout

    def _was_serverless(self, replaced: str) -> bool:
        return not self.hosting.is_serverless and bool(endpoint.is_serverless(self.context, replaced))

    def _usable(self) -> Endpoint | None:
        found = endpoint.settled(self.context, self._patience)
        if found is None or found["EndpointStatus"] == IN_SERVICE:
            return found
        reason = found.get("FailureReason", "no reason given")
        if found["EndpointStatus"] != FAILED:
            raise EndpointFailedError(
                f"The endpoint {self.context.names.endpoint} is {found['EndpointStatus']}: {reason} It can neither be "
                "used nor updated; `python -m training cleanup --yes` removes it."
            )
        self._tell(f"failed ({reason}) and is made anew")  # all that SageMaker allows then is to delete it
        endpoint.delete(self.context, self.timeout)
        endpoint.delete_config_and_models(self.context, found["EndpointConfigName"])
        return None

    def _was_taken_back(self, found: Endpoint) -> bool:
        """Whether SageMaker has taken the update back since an earlier try sent it."""
        going = self.facts.get("sent") and found["EndpointConfigName"] == self.replaced
        return bool(going and found.get("FailureReason"))

    def _create_model_and_config(self, found: Endpoint | None = None) -> None:
        sagemaker, tags, hosting = self.context.aws.sagemaker, self.context.names.tag_list, self.hosting
        if found and hosting.scaling:
            # An update begins with the configuration's number of instances: not the fewest in the busiest hour.
            running = max(variant.get("CurrentInstanceCount", 1) for variant in found["ProductionVariants"])
            hosting = replace(hosting, instances=min(max(running, hosting.instances), hosting.scaling.largest))
        try:
            endpoint.create_unless_there(sagemaker.create_model, model_request(self.name, self.model, tags))
        except ClientError as exc:
            if code_of(exc) == "ValidationException" and "role" in str(exc):
                raise RoleRefusedError(f"{sentence_of(exc)} {RoleRefusedError.__doc__}") from exc
            raise
        request = endpoint_config_request(self.name, hosting, tags)
        endpoint.create_unless_there(sagemaker.create_endpoint_config, request)

    def _create(self) -> None:
        self._create_model_and_config()
        self._note(replaced=None, scaling=[], proved=False)
        self._tell("is being created; on AWS that takes some minutes")
        endpoint.create(self.context, self.name, self._quota)

    def _replace(self, found: Endpoint) -> None:
        self._create_model_and_config(found)
        old, now = found["EndpointConfigName"], scaling.describe(self.context)
        scaled = self.facts.get("scaling") or now  # what an interrupted try has noted is whole
        self._note(replaced=old, scaling=scaled, proved=False)
        scaling.deregister(self.context, now)  # SageMaker refuses another instance type while anything scales
        self._tell(f"moves from {old} to {self.name}, and answers meanwhile")
        if self._was_serverless(old):
            self._tell("leaves serverless for good: `rollback` cannot return to it")
        try:
            watched = self.strategy.request(alarms.put(self.context, self.name)) if self.strategy else {}
            self._note(sent=True)
            endpoint.update(self.context, self.name, self._quota, **watched)
        except (ClientError, QuotaExceededError, AlarmRingingError):
            self._note(sent=False)
            alarms.delete(self.context, self.name)
            scaling.restore(self.context, scaled)
            raise

    def _expect(self, config: str) -> None:
        found = endpoint.settled(self.context, self._patience)
        status = found["EndpointStatus"] if found else "gone"
        if found and status == IN_SERVICE and found["EndpointConfigName"] == config:
            self._tell(f"is in service with {config}")
            return
        reason = found.get("FailureReason", "no reason given") if found else "somebody deleted it."
        if found and status == IN_SERVICE:  # how SageMaker tells that it went back: all well, but for the name
            scaling.restore(self.context, self.facts.get("scaling", []))
            self._abandon()
            raise RolledBackError(
                f"The endpoint {self.context.names.endpoint} serves {found['EndpointConfigName']} as before. "
                f"SageMaker took the update back: {reason} {endpoint.where_to_look(self.context)}"
            )
        raise EndpointFailedError(
            f"The endpoint {self.context.names.endpoint} is {status}: {reason} {endpoint.where_to_look(self.context)} "
            "When the cause is mended, the same command makes it anew."
        )

    def _abandon(self) -> None:
        endpoint.delete_config_and_models(self.context, self.name)
        self._note(name=None, replaced=None, scaling=[], sent=False)

    def _note(self, **facts: Any) -> None:
        self.context.run.note("deploy", **facts)
        self.facts |= facts

    def _tell(self, what: str) -> None:
        self.context.console.print(f"Endpoint {self.context.names.endpoint} {what}.")
