"""The workflow definitions after substitution, shown to ValidateStateMachineDefinition."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

from cli.template import ROOT, SERVICE, read_template
from operations.check.answers import Outcome, Row, ask
from operations.check.intrinsics import Resolver
from operations.check.permissions import VALIDATE_DEFINITION
from operations.check.place import Place

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CHECK = "definition"
type WorkflowType = Literal["STANDARD", "EXPRESS"]


@dataclass(frozen=True)
class Definition:
    """A workflow's definition after substitution.

    Args:
        name: of its file, without ".asl.json".
        text: the definition as JSON.
        types: the types of workflow that the template can give it.
    """

    name: str
    text: str
    types: tuple[WorkflowType, ...]

    @cached_property
    def data(self) -> dict[str, Any]:
        """The definition as data."""
        data: dict[str, Any] = json.loads(self.text)
        return data

    @cached_property
    def states(self) -> dict[str, dict[str, Any]]:
        """Return all states by their name, including the states in Map and Parallel states."""
        return dict(_states(self.data))


def read_definitions(place: Place, image_bucket: str) -> list[Definition]:
    """Return the definitions of all workflows in the service's template, each once.

    Args:
        place: where they would be deployed.
        image_bucket: the name for the image bucket, which the sample events name.
    """
    template = read_template(SERVICE)
    resolver = Resolver(template, place, {"ImageBucket": image_bucket})
    workflows = [
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::StateMachine"
    ]
    found: dict[str, Definition] = {}
    for definition in (_read(properties, resolver) for properties in workflows):
        known = found.get(definition.name, definition)
        types = dict.fromkeys((*known.types, *definition.types))
        found[definition.name] = replace(known, types=tuple(types))

    return list(found.values())


def check_definitions(stepfunctions: "SFNClient", definitions: list[Definition]) -> Iterator[Row]:
    """Ask Step Functions about every definition, for every type of workflow that it may get."""
    for definition in definitions:
        for workflow_type in definition.types:
            subject = f"{definition.name} ({workflow_type})"
            question = partial(_validate, stepfunctions, definition.text, workflow_type)
            yield ask(CHECK, subject, VALIDATE_DEFINITION, question)


def _read(properties: Mapping[str, Any], resolver: Resolver) -> Definition:
    path = ROOT / properties["DefinitionUri"]
    values = resolver.resolve(properties["DefinitionSubstitutions"])
    # A placeholder without a value stays, as with SAM.
    text = re.sub(
        r"\$\{(\w+)\}",
        lambda m: str(values.get(m[1], m[0])),
        path.read_text(encoding="utf-8"),
    )
    match properties["Type"]:
        case {"Ref": parameter}:
            types = tuple(resolver.template["Parameters"][parameter]["AllowedValues"])
        case workflow_type:
            types = (workflow_type,)
    return Definition(path.name.removesuffix(".asl.json"), text, types)


def _states(data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in data["States"].items():
        yield name, state
        for inner in [state.get("ItemProcessor"), *state.get("Branches", [])]:
            if inner:
                yield from _states(inner)


def _validate(
    stepfunctions: "SFNClient",
    text: str,
    workflow_type: WorkflowType,
) -> tuple[Outcome, str]:
    answer = stepfunctions.validate_state_machine_definition(
        definition=text,
        type=workflow_type,
        severity="WARNING",
    )
    message = " ".join(
        f"{one['severity']} {one['code']} at {one.get('location', '/')}: {one['message']}"
        for one in answer["diagnostics"]
    )
    # AWS: rely on the result alone; it may be OK beside warnings.
    return (Outcome.ACCEPTED if answer["result"] == "OK" else Outcome.REFUSED), message
