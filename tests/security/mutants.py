"""Templates and workflow definitions with one control removed or weakened, made mechanically, one at a time.

Whatever is a property of something that stores, runs or delivers counts as a control, unless NO_CONTROL says that it is
none: a property that is new here needs a check in the gate, or a place in that list.
"""

from collections.abc import Iterator
from typing import Any

from tests.security.gate.templates import Data, Template
from tests.security.gate.workflows import RETRIER, function_of, integration, own_errors, states

type Path = tuple[str | int, ...]
type Mutant[T] = tuple[str, T]

GONE = object()
CONTROLLED = (
    "AWS::S3::",
    "AWS::DynamoDB::",
    "AWS::SQS::",
    "AWS::SNS::Topic",
    "AWS::Logs::LogGroup",
    "AWS::KMS::Key",
    "AWS::EC2::",
    "AWS::Events::",
    "AWS::Pipes::",
    "AWS::Serverless::Function",
    "AWS::Serverless::StateMachine",
)
# What says what a thing is, not how it is guarded. Policies have mutants of their own.
NO_CONTROL = {
    *("Name", "FunctionName", "LayerName", "LogGroupName", "TopicName", "Description", "Id", "Tags", "Subscription"),
    *(
        "Runtime",
        "Architectures",
        "Layers",
        "CodeUri",
        "Handler",
        "MemorySize",
        "Environment",
        "ReservedConcurrentExecutions",
        "DefinitionUri",
    ),
    *("DefinitionSubstitutions", "Type", "Target", "Source", "Arn", "RoleArn", "Bucket", "Queues", "VisibilityTimeout"),
    *("BillingMode", "AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "NotificationConfiguration"),
    "SqsManagedSseEnabled",  # until the queues have a key
    *(
        "VpcEndpointType",
        "ServiceName",
        "VpcId",
        "RouteTableIds",
        "SubnetIds",
        "GroupDescription",
        "PolicyDocument",
        "KeyPolicy",
        "PendingWindowInDays",
    ),
}
POLICIES = {
    "AWS::EC2::VPCEndpoint": ["PolicyDocument"],
    "AWS::KMS::Key": ["KeyPolicy"],
    "AWS::S3::BucketPolicy": ["PolicyDocument"],
}
WEAKER: dict[Any, Any] = {
    **{"Enabled": "Suspended", "BucketOwnerEnforced": "ObjectWriter", "aws:kms": "AES256", "KMS": "AES256"},
    **{"Active": "PassThrough", "ERROR": "OFF", "REQUEST_RESPONSE": "FIRE_AND_FORGET", "FULL": "NONE"},
    **{1209600: 60, 86400: 60, 185: 0},
}


def template_mutants(template: Template) -> Iterator[Mutant[Template]]:
    """A template without each of its controls, with each of them weaker, and with each right made wider."""
    for name, path, value in [*_property_mutants(template.data), *_policy_mutants(template.data)]:
        yield f"{template.name}: {name}", Template(template.name, changed(template.data, path, value))


def definition_mutants(definitions: dict[str, Data]) -> Iterator[Mutant[dict[str, Data]]]:
    """The definitions with one state that is less bounded, tried less often or too often, or not caught."""
    for where, state in states(definitions):
        for name, path, value in _state_mutants(where, state):
            yield f"{where}: {name}", _with_state(definitions, where, changed(state, path, value))


def changed(data: Any, path: Path, value: Any) -> Any:
    """A copy in which one place has another value, or is GONE; what is not on the way to it is shared."""
    copy, (key, *rest) = data.copy(), path
    if rest:
        copy[key] = changed(copy[key], tuple(rest), value)
    elif value is GONE:
        del copy[key]
    else:
        copy[key] = value
    return copy


def _property_mutants(data: Data) -> Iterator[tuple[str, Path, Any]]:
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


def _policy_mutants(data: Data) -> Iterator[tuple[str, Path, Any]]:
    for logical_id, resource in data["Resources"].items():
        properties: Path = ("Resources", logical_id, "Properties")
        if resource["Type"] == "AWS::IAM::Role":
            arn = "arn:aws:iam::aws:policy/AdministratorAccess"
            yield f"{logical_id} with AdministratorAccess", (*properties, "ManagedPolicyArns"), [arn]
        if resource["Type"] == "AWS::Serverless::Function":
            yield f"{logical_id} with a policy template", (*properties, "Policies"), ["AWSLambda_FullAccess"]
            yield f"{logical_id} with a URL", (*properties, "FunctionUrlConfig"), {"AuthType": "NONE"}
        for policy in POLICIES.get(resource["Type"], ()):
            yield f"without {logical_id}.{policy}", (*properties, policy), GONE
        for path, value in _nodes(resource.get("Properties", {}), properties, everything=True):
            if isinstance(value, dict) and {"Effect", "Action"} <= value.keys():
                yield from _statement_mutants(path, value)


def _statement_mutants(path: Path, statement: Data) -> Iterator[tuple[str, Path, Any]]:
    name = f"{path[1]}.{statement.get('Sid', path[-1])}"
    if statement["Effect"] == "Deny":
        yield f"{name} allows", (*path, "Effect"), "Allow"
        yield f"without {name}", path, GONE
        for index, _ in enumerate(statement["Resource"]):
            yield f"{name} for one resource less", (*path, "Resource", index), GONE
    else:
        service = str(statement["Action"][0] if isinstance(statement["Action"], list) else statement["Action"])
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


def _state_mutants(where: str, state: Data) -> Iterator[tuple[str, Path, Any]]:
    for field in ("Default", "TimeoutSeconds", "Retry", "Catch", "MaxConcurrency", "ToleratedFailurePercentage"):
        if field in state:
            yield f"without {field}", (field,), GONE
    for argument in ("ConditionExpression", "ConsistentRead"):
        if argument in state.get("Arguments", {}):
            yield f"without {argument}", ("Arguments", argument), GONE
    if "TimeoutSeconds" in state:
        yield "hangs for a year", ("TimeoutSeconds",), 31536000
    for index, retrier in enumerate(state.get("Retry", [])):
        yield f"without retrier {index}", ("Retry", index), GONE
        yield from _retrier_mutants(where, state, ("Retry", index), retrier)
    for index, catcher in enumerate(state.get("Catch", [])):
        yield f"without catcher {index}", ("Catch", index), GONE
        for number, error in enumerate(catcher["ErrorEquals"]):
            yield f"does not catch {error}", ("Catch", index, "ErrorEquals", number), GONE


def _retrier_mutants(where: str, state: Data, path: Path, retrier: Data) -> Iterator[tuple[str, Path, Any]]:
    for field in (*RETRIER, "JitterStrategy"):
        yield f"retrier {path[1]} without {field}", (*path, field), GONE
    for field, value in {"MaxAttempts": 99999, "MaxDelaySeconds": 86400, "BackoffRate": 1}.items():
        yield f"retrier {path[1]} with {field} {value}", (*path, field), value
    yield f"retrier {path[1]} without jitter", (*path, "JitterStrategy"), "NONE"
    for number, error in enumerate(retrier["ErrorEquals"]):
        yield f"does not retry {error}", (*path, "ErrorEquals", number), GONE
    permanent = {"States.ALL", "States.TaskFailed"}
    if integration(state) == "lambda:invoke":
        named = {error for one in state["Retry"] for error in one["ErrorEquals"]}
        permanent |= own_errors(function_of(where)) - named
    for error in sorted(permanent):
        yield f"retrier {path[1]} retries {error}", (*path, "ErrorEquals"), [*retrier["ErrorEquals"], error]


def _nodes(data: Any, path: Path, everything: bool = False) -> Iterator[tuple[Path, Any]]:
    """Every place below a path and its value; intrinsic functions are values, unless everything is wanted."""
    is_function = isinstance(data, dict) and len(data) == 1 and str(next(iter(data))).startswith(("Ref", "Fn::"))
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


def _with_state(definitions: dict[str, Data], where: str, state: Data) -> dict[str, Data]:
    workflow, *names = where.split(": ")
    path: list[str | int] = [workflow]
    for depth, name in enumerate(names):
        path += ["ItemProcessor", "States", name] if depth else ["States", name]
    mutated: dict[str, Data] = changed(definitions, tuple(path), state)
    return mutated
