"""Make templates with one control removed or weakened.

Every property of a resource that stores, runs or delivers counts as a control, unless NO_CONTROL
lists it. A new property needs a check in the gate, or an entry in that list.
"""

from collections.abc import Iterator
from typing import Any

from tests.security.gate.templates import Data, Template
from tests.security.mutants.changes import GONE, Change, Path, changed

CONTROLLED = (
    "AWS::DynamoDB::",
    "AWS::EC2::",
    "AWS::Events::",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::Pipes::",
    "AWS::S3::",
    "AWS::SNS::Topic",
    "AWS::SQS::",
    "AWS::Serverless::Function",
    "AWS::Serverless::StateMachine",
)
# Properties that describe a resource, its place or its inputs, and not its protection.
NAMES = {
    "Name",
    "FunctionName",
    "LayerName",
    "LogGroupName",
    "TopicName",
    "DisplayName",
    "Description",
    "Id",
    "Tags",
}
CODE = {
    "Runtime",
    "Architectures",
    "Layers",
    "CodeUri",
    "Handler",
    "MemorySize",
    "Environment",
    "DefinitionUri",
}
PLACE = {
    "VpcEndpointType",
    "ServiceName",
    "VpcId",
    "RouteTableIds",
    "SubnetIds",
    "GroupDescription",
    "Bucket",
    "Queues",
    "Topics",
}
DATA = {
    "BillingMode",
    "AttributeDefinitions",
    "KeySchema",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "NotificationConfiguration",
}
WORK = {
    "DefinitionSubstitutions",
    "Target",
    "Source",
    "Arn",
    "RoleArn",
    "Type",
    "Subscription",
    "VisibilityTimeout",
}
LIMITS = {"ReservedConcurrentExecutions", "PendingWindowInDays"}
OWN_MUTANTS = {"PolicyDocument", "KeyPolicy"}  # statement by statement
NO_CONTROL = NAMES | CODE | PLACE | DATA | WORK | LIMITS | OWN_MUTANTS
POLICIES = {
    "AWS::EC2::VPCEndpoint": ["PolicyDocument"],
    "AWS::KMS::Key": ["KeyPolicy"],
    "AWS::S3::BucketPolicy": ["PolicyDocument"],
}
WEAKER: dict[Any, Any] = {
    **{
        "Enabled": "Suspended",
        "BucketOwnerEnforced": "ObjectWriter",
        "aws:kms": "AES256",
        "KMS": "AES256",
    },
    **{
        "Active": "PassThrough",
        "ERROR": "OFF",
        "REQUEST_RESPONSE": "FIRE_AND_FORGET",
        "FULL": "NONE",
    },
    **{1209600: 60, 86400: 60, 185: 0},
}


def template_mutants(template: Template) -> Iterator[tuple[str, Template]]:
    """Yield a template with one control removed or weaker, or one permission wider."""
    for name, path, value in [*_property_changes(template.data), *_policy_changes(template.data)]:
        yield (
            f"{template.name}: {name}",
            Template(template.name, changed(template.data, path, value)),
        )


def _property_changes(data: Data) -> Iterator[Change]:
    roots: list[Path] = [("Globals", name) for name in data.get("Globals", {})]
    for logical_id, resource in data["Resources"].items():
        if resource["Type"].startswith(CONTROLLED):
            roots.append(("Resources", logical_id, "Properties"))
            for policy in {"DeletionPolicy", "UpdateReplacePolicy"} & resource.keys():
                yield f"without {logical_id}.{policy}", ("Resources", logical_id, policy), GONE
    for root in roots:
        for path, value in _nodes(_at(data, root), root):
            yield f"without {_dotted(path)}", path, GONE
            if isinstance(value, bool):
                yield f"{_dotted(path)} {not value}", path, not value
            elif isinstance(value, str | int) and value in WEAKER:
                yield f"{_dotted(path)} {WEAKER[value]}", path, WEAKER[value]


def _policy_changes(data: Data) -> Iterator[Change]:
    for logical_id, resource in data["Resources"].items():
        properties: Path = ("Resources", logical_id, "Properties")
        if resource["Type"] == "AWS::IAM::Role":
            arn = "arn:aws:iam::aws:policy/AdministratorAccess"
            yield (
                f"{logical_id} with AdministratorAccess",
                (*properties, "ManagedPolicyArns"),
                [arn],
            )
        if resource["Type"] == "AWS::Serverless::Function":
            yield (
                f"{logical_id} with a policy template",
                (*properties, "Policies"),
                ["AWSLambda_FullAccess"],
            )
            yield (
                f"{logical_id} with a URL",
                (*properties, "FunctionUrlConfig"),
                {"AuthType": "NONE"},
            )
        for policy in POLICIES.get(resource["Type"], ()):
            yield f"without {logical_id}.{policy}", (*properties, policy), GONE
        for path, value in _nodes(resource.get("Properties", {}), properties, everything=True):
            if isinstance(value, dict) and {"Effect", "Action"} <= value.keys():
                yield from _statement_changes(path, value)


def _statement_changes(path: Path, statement: Data) -> Iterator[Change]:
    name = f"{path[1]}.{statement.get('Sid', path[-1])}"
    if statement["Effect"] == "Deny":
        yield f"{name} allows", (*path, "Effect"), "Allow"
        yield f"without {name}", path, GONE
        for index, _ in enumerate(statement["Resource"]):
            yield f"{name} for one resource less", (*path, "Resource", index), GONE
    else:
        service = str(
            statement["Action"][0] if isinstance(statement["Action"], list) else statement["Action"]
        )
        yield f"{name} allows a whole service", (*path, "Action"), service.partition(":")[0] + ":*"
        yield f"{name} allows all but", (*path, "NotAction"), "iam:*"
        if "Principal" in statement:
            if statement["Principal"] != "*":
                yield f"{name} for everybody", (*path, "Principal"), "*"
        elif statement["Resource"] != "*":
            yield f"{name} for any resource", (*path, "Resource"), "*"
    for operator, operands in statement.get("Condition", {}).items():
        for key in operands:
            yield f"{name} without {key}", (*path, "Condition", operator, key), GONE
            if statement["Effect"] == "Allow":
                yield f"{name} with any {key}", (*path, "Condition", operator, key), "*"


def _nodes(data: Any, path: Path, everything: bool = False) -> Iterator[tuple[Path, Any]]:
    """Yield every path below a path and its value; intrinsic functions are values."""
    is_function = (
        isinstance(data, dict)
        and len(data) == 1
        and str(next(iter(data))).startswith(("Ref", "Fn::"))
    )
    if not isinstance(data, dict | list) or (is_function and not everything):
        return
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        if everything or key not in NO_CONTROL:
            yield (*path, key), value
            yield from _nodes(value, (*path, key), everything)


def _at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def _dotted(path: Path) -> str:
    return ".".join(str(key) for key in path if key not in ("Resources", "Properties"))
