"""Name the resources of a stack of the service as CloudFormation does, with their ARNs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from localcloud.ministack.cloudformation.resource_arns import PART_OF, WITHOUT_ARN, Place, name_of
from localcloud.server.settings import ACCOUNT, REGION
from tests.contract.execution_role.resolved import read, resolved

PLACE = Place("aws", REGION, ACCOUNT)
RANDOM = "ABCDEFABCDEF"
EXECUTION_ROLE = PLACE.arn("AWS::IAM::Role", "ExecutionRole")
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/{{}}-boundary"
ARTIFACTS = "arn:aws:s3:::artifacts/{}/0a1b2c"
# What SAM makes of its own types, as far as the service uses them.
TRANSLATED = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
}
# Types whose Ref is the ARN, and suffixes of the attribute Arn ("Return values" of each type).
_REF_IS_ARN = {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine"}
_AFTER_ARN = {"AWS::Logs::LogGroup": ":*"}


@dataclass(frozen=True)
class Resource:
    """A resource of the stack; its ARN is "*" where IAM knows none."""

    logical_id: str
    type: str
    name: str
    arn: str


@dataclass(frozen=True)
class Stack:
    """A stack of the service with its own key and every optional part except a VPC."""

    name: str

    @cached_property
    def resources(self) -> list[Resource]:
        """All resources: those of template.yaml, and those of the nested stack of monitoring."""
        own = self._of("template.yaml", self.name)
        [monitoring] = [one for one in own if one.logical_id == "Monitoring"]
        return [*own, *self._of("stacks/monitoring.yaml", monitoring.name.partition("/")[0])]

    def named(self, logical_id: str) -> Resource:
        """Return a resource by its logical id."""
        [found] = [one for one in self.resources if one.logical_id == logical_id]
        return found

    @property
    def key_policy(self) -> list[dict[str, Any]]:
        """The statements of the key's policy, for a stack that the execution role deploys."""
        properties = read("template.yaml")["Resources"]["EncryptionKey"]["Properties"]
        conditions = frozenset({"HasExecutionRole", "MakesKey"})
        statements: list[dict[str, Any]] = resolved(
            properties["KeyPolicy"], self._values, conditions
        )["Statement"]
        return statements

    def role_statements(self, logical_id: str) -> list[dict[str, Any]]:
        """Return the statements of a role of template.yaml, with everything that parameters add."""
        properties = read("template.yaml")["Resources"][logical_id]["Properties"]
        conditions = frozenset({"MakesKey", "Traces", "InVpc", "IsBounded", "NamesEndpoint"})
        documents = [
            one["PolicyDocument"]
            for one in resolved(properties["Policies"], self.values, conditions)
        ]
        return [statement for document in documents for statement in document["Statement"]]

    @cached_property
    def values(self) -> dict[str, str]:
        """Return the values of parameters, Ref, and the attributes Arn and Name."""
        values = self._values | {one.logical_id: one.name for one in self.resources}
        values |= {
            f"{one.logical_id}.Arn": one.arn + _AFTER_ARN.get(one.type, "")
            for one in self.resources
        }
        values |= {f"{one.logical_id}.Name": one.name for one in self.resources}
        return values | {
            one.logical_id: one.arn for one in self.resources if one.type in _REF_IS_ARN
        }

    def _of(self, template: str, stack: str) -> list[Resource]:
        templates = {
            logical_id: (TRANSLATED.get(data["Type"], data["Type"]), data["Properties"])
            for logical_id, data in read(template)["Resources"].items()
            if not data["Type"].startswith("AWS::EC2::")
        }
        whole = {
            logical_id: self._whole(stack, logical_id, kind, properties)
            for logical_id, (kind, properties) in templates.items()
            if kind not in PART_OF
        }
        parts = [
            self._part(logical_id, kind, properties, whole)
            for logical_id, (kind, properties) in templates.items()
            if kind in PART_OF
        ]
        return [*whole.values(), *parts]

    def _whole(
        self, stack: str, logical_id: str, kind: str, properties: Mapping[str, Any]
    ) -> Resource:
        if kind in WITHOUT_ARN:
            return Resource(logical_id, kind, "", "*")
        name = self._name(stack, logical_id, kind, properties)
        return Resource(logical_id, kind, name, PLACE.arn(kind, name))

    def _name(self, stack: str, logical_id: str, kind: str, properties: Mapping[str, Any]) -> str:
        if kind == "AWS::KMS::Key":
            return f"00000000-0000-0000-0000-{self.name[:12]}"
        names = {
            name: value
            for name, value in properties.items()
            if name == "Budget" or name.endswith("Name")
        }
        if "Name" in names and kind == "AWS::StepFunctions::StateMachine":
            names = {"StateMachineName": names["Name"]}  # as SAM translates it
        budget = (
            {"Budget": {"BudgetName": names["Budget"]["BudgetName"]}} if "Budget" in names else {}
        )
        given = resolved({**names, **budget}, self._values)
        made = name_of(kind, given, stack, logical_id, RANDOM)
        return (
            f"{made}/00000000-0000-0000-0000-000000000000"
            if kind == "AWS::CloudFormation::Stack"
            else made
        )

    @staticmethod
    def _part(
        logical_id: str, kind: str, properties: Mapping[str, Any], whole: Mapping[str, Resource]
    ) -> Resource:
        of = properties[PART_OF[kind][0]]
        [reference] = of if isinstance(of, list) else [of]
        owner = whole[reference["Ref"]]
        return Resource(logical_id, kind, owner.name, owner.arn)

    @property
    def _values(self) -> dict[str, str]:
        return {
            "AWS::StackName": self.name,
            "AWS::Partition": PLACE.partition,
            "AWS::Region": PLACE.region,
            "AWS::AccountId": PLACE.account,
            "AWS::URLSuffix": "amazonaws.com",
            "Service": self.name,
            "WorkflowType": "STANDARD",
            "BacklogPrefix": "archive/",
            "EndpointName": "an-endpoint",
            "PermissionsBoundary": BOUNDARY.format(self.name),
            "ExecutionRoleArn": EXECUTION_ROLE,
        }


def deployment_values(service: str) -> dict[str, str]:
    """Return the values of the functions in stacks/github.yaml, for a service's stack."""
    return {
        "AWS::Partition": PLACE.partition,
        "AWS::Region": PLACE.region,
        "AWS::AccountId": PLACE.account,
        "AWS::URLSuffix": "amazonaws.com",
        "Service": service,
        "ArtifactBucket.Arn": f"arn:aws:s3:::artifacts/{service}",
        "Boundary": BOUNDARY.format(service),
        "ExecutionRole.Arn": EXECUTION_ROLE,
    }
