"""Answer the operations on state machines and their tags, in one region."""

from typing import Any

from localcloud.api.control_plane import Operation
from localcloud.stepfunctions.api.machine_requests import (
    OWNED_KEY,
    check_name,
    checked_logging,
    log_groups,
    refuse_not_emulated,
    tags_of,
)
from localcloud.stepfunctions.api.members import Members
from localcloud.stepfunctions.api.pages import cut_page
from localcloud.stepfunctions.api_errors import (
    MachineExistsError,
    MachineMissingError,
    MissingParameterError,
    ResourceMissingError,
)
from localcloud.stepfunctions.definitions import diagnose, require_valid
from localcloud.stepfunctions.interpreter import Interpreter
from localcloud.stepfunctions.machines import EXPRESS, LOGGING_OFF, STANDARD, Revision, StateMachine
from localcloud.stepfunctions.surroundings import Surroundings

_NO_TRACING = {"enabled": False}


class StateMachines:
    """The operations, with their names as keys."""

    def __init__(self, interpreter: Interpreter, surroundings: Surroundings, region: str) -> None:
        self._interpreter = interpreter
        self._roles = surroundings.roles
        self._log_delivery = surroundings.log_delivery
        self._machines = interpreter.store.machines
        self._prefix = f"arn:aws:states:{region}:{surroundings.account}:stateMachine:"
        self.operations: dict[str, Operation] = {
            "CreateStateMachine": self.create,
            "UpdateStateMachine": self.update,
            "DeleteStateMachine": self.delete,
            "DescribeStateMachine": self._describe,
            "ListStateMachines": self._list,
            "ValidateStateMachineDefinition": self._validate,
            "TagResource": self.tag,
            "UntagResource": self.untag,
            "ListTagsForResource": self._list_tags,
        }

    def arn(self, name: str) -> str:
        """Return the ARN of a state machine."""
        return self._prefix + name

    def create(self, request: Members) -> Members:
        """Create a state machine, or return an equal one.

        Raises:
            InvalidRequestError: the subclass names the reason.
        """
        name = request["name"]
        kind = request.get("type", STANDARD)
        check_name(name)
        refuse_not_emulated(request)
        require_valid(request["definition"], express=kind == EXPRESS)
        self._roles.require_assumable(request["roleArn"], self.arn(name))
        revision = Revision(
            request["definition"],
            request["roleArn"],
            checked_logging(request.get("loggingConfiguration", LOGGING_OFF)),
            request.get("tracingConfiguration", _NO_TRACING),
        )
        self._require_log_delivery(self.arn(name), revision)
        machine = StateMachine(
            self.arn(name), name, kind, revision, tags_of(request.get("tags", []))
        )
        known = self._machines.get(machine.arn)
        if known is None:
            self._machines[machine.arn] = known = machine
        elif _identity(known) != _identity(machine):
            raise MachineExistsError(f"State Machine Already Exists: '{machine.arn}'")

        return {"stateMachineArn": known.arn, "creationDate": known.created}

    def update(self, request: Members) -> Members:
        """Replace the parts that the request names; running executions keep the old revision.

        Raises:
            InvalidRequestError: the subclass names the reason.
        """
        machine = self._get(request["stateMachineArn"])
        refuse_not_emulated(request)
        changed = {"definition", "roleArn", "loggingConfiguration", "tracingConfiguration"}
        if not changed & request.keys():
            names = ", ".join(sorted(changed))
            raise MissingParameterError(f"At least one of {names} must be specified.")

        if "definition" in request:
            require_valid(request["definition"], express=machine.is_express)

        if "roleArn" in request:
            self._roles.require_assumable(request["roleArn"], machine.arn)

        before = machine.revision
        revision = Revision(
            request.get("definition", before.definition),
            request.get("roleArn", before.role_arn),
            checked_logging(request.get("loggingConfiguration", before.logging)),
            request.get("tracingConfiguration", before.tracing),
        )
        if {"roleArn", "loggingConfiguration"} & request.keys():
            self._require_log_delivery(machine.arn, revision)

        machine.revision = revision

        return {"updateDate": machine.revision.made, "revisionId": machine.revision.identity}

    def delete(self, request: Members) -> Members:
        """Delete a state machine and its executions; running executions are stopped."""
        arn = request["stateMachineArn"]
        self._machines.pop(arn, None)
        store = self._interpreter.store

        for execution in list(store.executions.values()):
            if execution.machine_arn.partition("/")[0] == arn:
                self._interpreter.stop(execution)
                store.executions.pop(execution.arn, None)
                for run in store.runs_of(execution.arn):
                    store.map_runs.pop(run.arn, None)

        return {}

    def tag(self, request: Members) -> Members:
        """Add tags to a state machine.

        Raises:
            ResourceMissingError: the state machine does not exist.
        """
        self._tagged(request).tags.update(tags_of(request["tags"]))
        return {}

    def untag(self, request: Members) -> Members:
        """Remove tags from a state machine.

        Raises:
            ResourceMissingError: the state machine does not exist.
        """
        machine = self._tagged(request)
        for key in request["tagKeys"]:
            machine.tags.pop(key, None)
        return {}

    def _list_tags(self, request: Members) -> Members:
        tags = self._tagged(request).tags
        return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}

    def _describe(self, request: Members) -> Members:
        machine = self._get(request["stateMachineArn"])
        return {**_summary(machine), **_described(machine)}

    def _list(self, request: Members) -> Members:
        found = [one for one in self._machines.values() if one.arn.startswith(self._prefix)]
        found.sort(key=lambda machine: machine.name)
        page, token = cut_page(found, request, lambda machine: [machine.name])
        return {"stateMachines": [_summary(machine) for machine in page], **token}

    def _validate(self, request: Members) -> Members:
        findings = diagnose(request["definition"], express=request.get("type") == EXPRESS)
        most = request.get("maxResults") or 100
        shown = [
            {
                "severity": "ERROR",
                "code": one.code,
                "message": one.message,
                "location": one.path or "/",
            }
            for one in findings[:most]
        ]
        result = "FAIL" if findings else "OK"

        return {"result": result, "diagnostics": shown, "truncated": len(findings) > most}

    def _get(self, arn: str) -> StateMachine:
        if arn not in self._machines:
            raise MachineMissingError(f"State Machine Does Not Exist: '{arn}'")
        return self._machines[arn]

    def _require_log_delivery(self, arn: str, revision: Revision) -> None:
        """Return if a revision of a state machine can log to its log groups.

        Raises:
            InvalidRequestError: the subclass names the reason.
        """
        for group in log_groups(revision.logging):
            self._log_delivery.require(revision.role_arn, arn, group)

    def _tagged(self, request: Members) -> StateMachine:
        arn = request["resourceArn"]
        if arn not in self._machines:
            raise ResourceMissingError(f"Resource not found: '{arn}'")
        return self._machines[arn]


def _summary(machine: StateMachine) -> Members:
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "type": machine.type,
        "creationDate": machine.created,
    }


def _described(machine: StateMachine) -> Members:
    revision = machine.revision
    return {
        "status": "ACTIVE",
        "definition": revision.definition,
        "roleArn": revision.role_arn,
        "loggingConfiguration": revision.logging,
        "tracingConfiguration": revision.tracing,
        "encryptionConfiguration": OWNED_KEY,
        "revisionId": revision.identity,
    }


def describe_for_execution(machine_arn: str, name: str, revision: Revision) -> Members:
    """Return the members of DescribeStateMachineForExecution."""
    return {
        "stateMachineArn": machine_arn,
        "name": name,
        "definition": revision.definition,
        "roleArn": revision.role_arn,
        "updateDate": revision.made,
        "loggingConfiguration": revision.logging,
        "tracingConfiguration": revision.tracing,
        "encryptionConfiguration": OWNED_KEY,
        "revisionId": revision.identity,
    }


def _identity(machine: StateMachine) -> tuple[Any, ...]:
    """Return the parts that CreateStateMachine compares with an equal name."""
    revision = machine.revision
    return machine.type, revision.definition, revision.logging, revision.tracing
