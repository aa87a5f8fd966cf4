"""A stack of the service as CloudFormation names it: every resource of the service, with its ARN."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from local.generated_names import generated_name
from local.resource_arns import Place
from local.server.settings import ACCOUNT, REGION
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
# The property that names a resource, and the longest name that CloudFormation makes where it is missing.
_NAMED_BY = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::Events::Rule": "Name",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Pipes::Pipe": "Name",
    "AWS::SNS::Topic": "TopicName",
    "AWS::StepFunctions::StateMachine": "Name",
}
_LONGEST = {
    "AWS::CloudFormation::Stack": 128,
    "AWS::DynamoDB::Table": 255,
    "AWS::IAM::Role": 64,
    "AWS::S3::Bucket": 63,
    "AWS::SQS::Queue": 80,
}
# What is a part of another resource, and the property that says of which.
_PART_OF = {
    "AWS::Logs::MetricFilter": "LogGroupName",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
}
# IAM knows no resource of these types.
_WITHOUT_ARN = {"AWS::Logs::QueryDefinition", "AWS::Logs::ResourcePolicy"}


@dataclass(frozen=True)
class Resource:
    """A resource of the stack; its ARN is "*" where IAM knows none."""

    logical_id: str
    type: str
    name: str
    arn: str


@dataclass(frozen=True)
class Stack:
    """A stack of the service under a name, with a key of its own and all that a parameter adds but a VPC."""

    name: str

    @cached_property
    def resources(self) -> list[Resource]:
        """All resources: those of template.yaml, and those of the nested stack of monitoring."""
        own = self._of("template.yaml", self.name)
        [monitoring] = [one for one in own if one.logical_id == "Monitoring"]
        return [*own, *self._of("monitoring/template.yaml", monitoring.name.partition("/")[0])]

    def named(self, logical_id: str) -> Resource:
        """Return a resource by its logical id."""
        [found] = [one for one in self.resources if one.logical_id == logical_id]
        return found

    @property
    def key_policy(self) -> list[dict[str, Any]]:
        """The statements of the key's policy, for a stack that the execution role deploys."""
        properties = read("template.yaml")["Resources"]["EncryptionKey"]["Properties"]
        conditions = frozenset({"HasExecutionRole", "MakesKey"})
        statements: list[dict[str, Any]] = resolved(properties["KeyPolicy"], self._values, conditions)["Statement"]
        return statements

    def role_statements(self, logical_id: str) -> list[dict[str, Any]]:
        """Return the statements of a role of template.yaml, with all that a parameter adds."""
        properties = read("template.yaml")["Resources"][logical_id]["Properties"]
        conditions = frozenset({"MakesKey", "Traces", "InVpc", "IsBounded", "NamesEndpoint"})
        values = self._values | {one.logical_id: one.name for one in self.resources}
        values |= {f"{one.logical_id}.Arn": one.arn for one in self.resources}
        values |= {f"{one.logical_id}.Name": one.name for one in self.resources}
        machines = [one for one in self.resources if one.type == "AWS::StepFunctions::StateMachine"]
        values |= {one.logical_id: one.arn for one in machines}  # whose Ref is the ARN
        documents = [one["PolicyDocument"] for one in resolved(properties["Policies"], values, conditions)]
        return [statement for document in documents for statement in document["Statement"]]

    def _of(self, template: str, stack: str) -> list[Resource]:
        templates = read(template)["Resources"]
        whole = {
            logical_id: self._whole(stack, logical_id, TRANSLATED.get(data["Type"], data["Type"]), data)
            for logical_id, data in templates.items()
            if not data["Type"].startswith("AWS::EC2::") and TRANSLATED.get(data["Type"], data["Type"]) not in _PART_OF
        }
        return [*whole.values(), *self._parts(templates, whole)]

    def _whole(self, stack: str, logical_id: str, kind: str, data: Mapping[str, Any]) -> Resource:
        if kind in _WITHOUT_ARN:
            return Resource(logical_id, kind, "", "*")
        name = self._name(stack, logical_id, kind, data["Properties"])
        return Resource(logical_id, kind, name, PLACE.arn(kind, name))

    def _name(self, stack: str, logical_id: str, kind: str, properties: Mapping[str, Any]) -> str:
        if kind == "AWS::KMS::Key":
            return f"00000000-0000-0000-0000-{self.name[:12]}"
        if kind == "AWS::Budgets::Budget":
            return str(resolved(properties["Budget"]["BudgetName"], self._values))
        if kind in _NAMED_BY:
            return str(resolved(properties[_NAMED_BY[kind]], self._values))
        made = generated_name(stack, logical_id, RANDOM, _LONGEST[kind])
        if kind == "AWS::CloudFormation::Stack":
            return f"{made}/00000000-0000-0000-0000-000000000000"
        return made.lower() if kind == "AWS::S3::Bucket" else made

    @staticmethod
    def _parts(templates: Mapping[str, Any], whole: Mapping[str, Resource]) -> Iterator[Resource]:
        for logical_id, data in templates.items():
            if data["Type"] in _PART_OF:
                of = data["Properties"][_PART_OF[data["Type"]]]
                [reference] = of if isinstance(of, list) else [of]
                owner = whole[reference["Ref"]]
                yield Resource(logical_id, data["Type"], owner.name, owner.arn)

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
    """Return what the functions of deployment/template.yaml resolve to, for a service's stack."""
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
