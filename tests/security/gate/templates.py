"""Read the CloudFormation templates and workflow definitions of the project as data."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cfnlint.decode import cfn_yaml

ROOT = Path(__file__).parents[3]

type Data = dict[str, Any]
type Kind = Literal["trust", "identity", "resource"]


@dataclass(frozen=True)
class Finding:
    """A missing or weak control: template, resource and advice."""

    template: str
    resource: str
    advice: str

    def __str__(self) -> str:
        return f"{self.template}: {self.resource}: {self.advice}"


@dataclass(frozen=True)
class Statement:
    """A policy statement: the resource it stands in, and whether it trusts, grants or guards."""

    owner: str
    owner_type: str
    kind: Kind
    data: Data

    @property
    def where(self) -> str:
        """Return the owner and the statement's Sid."""
        return f"{self.owner}.{self.data.get('Sid', '(no Sid)')}"

    @property
    def allows(self) -> bool:
        """Return whether the statement allows rather than denies."""
        return bool(self.data.get("Effect") == "Allow")

    @property
    def actions(self) -> list[str]:
        """Return the actions of the statement."""
        return listed(self.data.get("Action"))

    @property
    def condition_keys(self) -> set[str]:
        """The condition keys that it names under any operator."""
        return {key for operands in self.data.get("Condition", {}).values() for key in operands}


@dataclass(frozen=True)
class Template:
    """A template, with intrinsic functions in their long form."""

    name: str
    data: Data

    @property
    def has_key(self) -> bool:
        """Return whether the template has a KMS key, as a resource or as a parameter."""
        return "KmsKeyArn" in self.data.get("Parameters", {}) or any(self.of_type("AWS::KMS::Key"))

    def of_type(self, *types: str) -> Iterator[tuple[str, Data]]:
        """Logical id and resource of those types."""
        for logical_id, resource in self.data["Resources"].items():
            if resource["Type"] in types:
                yield logical_id, resource

    def statements(self) -> Iterator[Statement]:
        """Every policy statement."""
        for logical_id, resource in self.data["Resources"].items():
            for kind, document in _documents(resource):
                for statement in document["Statement"]:
                    for data in conditional(statement):
                        yield Statement(logical_id, resource["Type"], kind, data)


def listed(value: Any) -> list[Any]:
    """A list as it is, anything else as a list of itself, nothing as an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def conditional(value: Any) -> list[Any]:
    """Return the possible values of an Fn::If except AWS::NoValue; other values unchanged."""
    if isinstance(value, dict) and "Fn::If" in value:
        return [one for one in value["Fn::If"][1:] if one != {"Ref": "AWS::NoValue"}]
    return [value]


def templates() -> list[Template]:
    """Return all committed templates: service, companion stacks, training, deployment."""
    listing = subprocess.run(
        ["git", "ls-files", "*.yaml"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = []
    for name in listing.stdout.split():
        if "\nAWSTemplateFormatVersion:" in (ROOT / name).read_text(encoding="utf-8"):
            # Through JSON, so that what anchors share is a copy in each place.
            found.append(Template(name, json.loads(json.dumps(cfn_yaml.load(str(ROOT / name))))))
    return found


def definitions() -> dict[str, Data]:
    """Return the workflow definitions before substitution, with their names."""
    paths = sorted((ROOT / "statemachine").glob("*.asl.json"))
    return {
        path.name.removesuffix(".asl.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in paths
    }


def _documents(resource: Data) -> Iterator[tuple[Kind, Data]]:
    properties = resource["Properties"]
    for key, kind in _POLICIES.items():
        if key in properties:
            yield kind, properties[key]
    if resource["Type"].startswith("AWS::IAM::"):
        for policy in properties.get("Policies", []):
            yield from (("identity", one["PolicyDocument"]) for one in conditional(policy))
        if "PolicyDocument" in properties:
            yield "identity", properties["PolicyDocument"]
    elif "Statement" in properties.get("PolicyDocument", {}):  # that of CloudWatch Logs is a text
        yield "resource", properties["PolicyDocument"]


_POLICIES: dict[str, Kind] = {"AssumeRolePolicyDocument": "trust", "KeyPolicy": "resource"}
