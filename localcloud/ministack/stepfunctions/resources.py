"""Create AWS::StepFunctions::StateMachine, which MiniStack does not check."""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_region
from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

from localcloud.api.protocol import ServiceError
from localcloud.ministack.patch import PatchMismatchError, wrap
from localcloud.stepfunctions.api.machines import StateMachines
from localcloud.stepfunctions.app import StepFunctionsApp

type Properties = Mapping[str, Any]
type Made = tuple[str, dict[str, str]]

TYPE = "AWS::StepFunctions::StateMachine"


class MachineResources:
    """Create, update and delete the state machines of stacks."""

    def __init__(self, app: StepFunctionsApp) -> None:
        self._app = app

    def install(self) -> None:
        """Replace MiniStack's handlers, and the machines that its drift check reads.

        Raises:
            PatchMismatchError: MiniStack does not have the type.
        """
        if TYPE not in provisioners._RESOURCE_HANDLERS:
            raise PatchMismatchError(provisioners, "_RESOURCE_HANDLERS", f"does not have {TYPE}")

        provisioners._RESOURCE_HANDLERS[TYPE] = {
            "create": self._create,
            "update": self._update,
            "update_with_logical_id": True,
            "delete": self._delete,
        }
        vars(stepfunctions)["_state_machines"] = self._app.store.machines
        # The store has its own file; MiniStack cannot write these machines as JSON.
        wrap(stepfunctions, "get_state", "", lambda _original: {})

    def _create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        name = self._name(logical_id, properties, stack_name)
        kind = properties.get("StateMachineType", "STANDARD")
        tags = _lowered(properties.get("Tags", []))
        request = {"name": name, "type": kind, "tags": tags, **_changeable(properties)}
        arn = _done(self._machines.create, request)["stateMachineArn"]
        return arn, self._attributes(arn)

    def _update(
        self,
        physical_id: str,
        old: Properties,
        new: Properties,
        stack_name: str,
        logical_id: str = "",
    ) -> Made:
        known = self._app.store.machines.get(physical_id)
        name = self._name(logical_id or physical_id, new, stack_name)
        replaced: Made | None = provisioners._rename_replacement(
            physical_id,
            old,
            new,
            stack_name,
            logical_id,
            name,
            known.name if known else None,
            self._create,
            self._delete,
        )
        if replaced is not None:
            return replaced

        _done(self._machines.update, {"stateMachineArn": physical_id, **_changeable(new)})
        before, after = ({tag["Key"] for tag in one.get("Tags", [])} for one in (old, new))
        removed = {"resourceArn": physical_id, "tagKeys": sorted(before - after)}
        _done(self._machines.untag, removed)
        tags = {"resourceArn": physical_id, "tags": _lowered(new.get("Tags", []))}
        _done(self._machines.tag, tags)

        return physical_id, self._attributes(physical_id)

    def _delete(self, physical_id: str, _properties: Properties) -> None:
        self._machines.delete({"stateMachineArn": physical_id})

    @staticmethod
    def _name(logical_id: str, properties: Properties, stack_name: str) -> str:
        given: str | None = properties.get("StateMachineName")
        return given or str(provisioners._physical_name(stack_name, logical_id, max_len=80))

    def _attributes(self, arn: str) -> dict[str, str]:
        machine = self._app.store.machines[arn]
        revision = machine.revision.identity
        return {"Arn": arn, "Name": machine.name, "StateMachineRevisionId": revision}

    @property
    def _machines(self) -> StateMachines:
        return self._app.machines(get_region())


def _changeable(properties: Properties) -> dict[str, Any]:
    """Return the members of CreateStateMachine and UpdateStateMachine from properties."""
    logging = properties.get("LoggingConfiguration", {"Level": "OFF"})
    tracing = properties.get("TracingConfiguration", {"Enabled": False})
    return {
        "definition": provisioners._sfn_definition(properties),
        "roleArn": properties["RoleArn"],
        "loggingConfiguration": _typed(_lowered(logging)),
        "tracingConfiguration": _typed(_lowered(tracing)),
    }


def _done(operation: Callable[[dict[str, Any]], dict[str, Any]], request: dict[str, Any]) -> Any:
    """Call an operation. Raise ValueError, which fails the resource, with its error message."""
    try:
        return operation(request)
    except ServiceError as exc:
        message = f'Resource handler returned message: "{exc.message}" (Service: Sfn, {exc.code})'
        raise ValueError(message) from exc


def _lowered(value: Any) -> Any:
    """Return member names as in the API; in templates they begin with capitals."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lowered(member) for name, member in value.items()}
    return [_lowered(member) for member in value] if isinstance(value, list) else value


def _typed(members: dict[str, Any]) -> dict[str, Any]:
    # Templates may write true and false as strings.
    booleans = {"true": True, "false": False}
    return {
        name: booleans.get(value, value) if isinstance(value, str) else value
        for name, value in members.items()
    }
