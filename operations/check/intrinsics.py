"""Resolve CloudFormation's intrinsic functions to values as a deployment gives them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cli.errors import CommandError
from operations.check.place import Place

type Data = dict[str, Any]

_NOTHING = object()  # AWS::NoValue: the property is left out
_REFERENCE = re.compile(r"\$\{(?!!)([^}]+)\}")
# The properties that name a resource. CloudFormation makes names for the others.
_NAMES = ("Name", "FunctionName", "LayerName", "LogGroupName", "QueueName", "TopicName", "RoleName")
# ARNs by type, without the partition: service, region and account, then the resource.
_ARNS = {
    "AWS::DynamoDB::Table": ("dynamodb:{region}:{account}", "table/{name}"),
    "AWS::Events::Rule": ("events:{region}:{account}", "rule/{name}"),
    "AWS::IAM::ManagedPolicy": ("iam::{account}", "policy/{name}"),
    "AWS::IAM::OIDCProvider": (
        "iam::{account}",
        "oidc-provider/token.actions.githubusercontent.com",
    ),
    "AWS::IAM::Role": ("iam::{account}", "role/{name}"),
    "AWS::KMS::Key": ("kms:{region}:{account}", "key/00000000-0000-0000-0000-000000000000"),
    "AWS::Lambda::Function": ("lambda:{region}:{account}", "function:{name}"),
    "AWS::Logs::LogGroup": ("logs:{region}:{account}", "log-group:{name}:*"),
    "AWS::Pipes::Pipe": ("pipes:{region}:{account}", "pipe/{name}"),
    "AWS::S3::Bucket": ("s3::", "{name}"),
    "AWS::SNS::Topic": ("sns:{region}:{account}", "{name}"),
    "AWS::SQS::Queue": ("sqs:{region}:{account}", "{name}"),
    "AWS::Serverless::Function": ("lambda:{region}:{account}", "function:{name}"),
    "AWS::Serverless::LayerVersion": ("lambda:{region}:{account}", "layer:{name}:1"),
    "AWS::Serverless::StateMachine": ("states:{region}:{account}", "stateMachine:{name}"),
}
# Types whose Ref is their ARN.
_REF_IS_ARN = {
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::OIDCProvider",
    "AWS::SNS::Topic",
    "AWS::Serverless::LayerVersion",
    "AWS::Serverless::StateMachine",
}


class UnknownIntrinsicError(CommandError):
    """The check cannot resolve this: extend operations/check/intrinsics.py."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem} {type(self).__doc__}")


@dataclass(frozen=True)
class Resolver:
    """Resolves values of one template.

    Args:
        template: the template as data.
        place: where it would be deployed.
        values: values of parameters, or of `Ref` to resources, that differ from the defaults.
    """

    template: Data
    place: Place
    values: Mapping[str, Any] = field(default_factory=dict)

    def resolve(self, value: Any) -> Any:
        """Return a value without intrinsic functions.

        Of `Fn::If` it takes the first branch, unless that is AWS::NoValue.

        Raises:
            UnknownIntrinsicError: an intrinsic function or a type of resource is not known here.
        """
        resolved = self._resolve(value)
        return None if resolved is _NOTHING else resolved

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [item for item in map(self._resolve, value) if item is not _NOTHING]
        if not isinstance(value, dict):
            return value

        if len(value) == 1:
            [(name, operand)] = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._apply(name, operand)

        resolved = {key: self._resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NOTHING}

    def _apply(self, name: str, operand: Any) -> Any:
        match name, operand:
            case "Ref", str():
                return self._ref(operand)
            case "Fn::GetAtt", [logical_id, attribute]:
                return self._attribute(logical_id, attribute)
            case "Fn::Sub", [str(text), dict(own)]:
                values = {**self.values, **self._resolve(own)}
                return replace(self, values=values)._substitute(text)
            case "Fn::Sub", str():
                return self._substitute(operand)
            case "Fn::If", [_, then, otherwise]:
                chosen = self._resolve(then)
                return self._resolve(otherwise) if chosen is _NOTHING else chosen
            case "Fn::Join", [separator, parts]:
                return separator.join(map(str, self._resolve(parts)))
        raise UnknownIntrinsicError(f"{name} {operand!r} is unknown.")

    def _substitute(self, text: str) -> str:
        def replacement(found: re.Match[str]) -> str:
            logical_id, _, attribute = found[1].partition(".")
            return str(
                self._attribute(logical_id, attribute) if attribute else self._ref(logical_id),
            )

        return _REFERENCE.sub(replacement, text).replace("${!", "${")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        if name in self.values:
            return self.values[name]
        if name in self.place.pseudo_parameters:
            return self.place.pseudo_parameters[name]
        if name in self.template.get("Parameters", {}):
            return self._parameter(name)

        kind = self._type(name)
        return self._arn(name) if kind in _REF_IS_ARN else self._name(name)

    def _attribute(self, logical_id: str, attribute: str) -> str:
        if attribute == "Arn":
            return self._arn(logical_id)
        if attribute in _NAMES:
            return self._name(logical_id)
        return f"{logical_id}-{attribute}".lower()

    def _parameter(self, name: str) -> Any:
        declared = self.template["Parameters"][name]
        allowed = declared.get("AllowedValues", [f"{name.lower()}-value"])
        default = declared.get("Default", allowed[0])
        return f"{name.lower()}-value" if default == "" else default

    def _name(self, logical_id: str) -> str:
        if logical_id in self.values:
            return str(self.values[logical_id])
        properties = self.template["Resources"][logical_id].get("Properties", {})
        own = next((properties[name] for name in _NAMES if name in properties), None)
        if own is not None:
            return str(self._resolve(own))
        name = f"{self.place.stack}-{logical_id}-1a2b3c4d5e6f"
        return name.lower() if self._type(logical_id) == "AWS::S3::Bucket" else name

    def _arn(self, logical_id: str) -> str:
        kind = self._type(logical_id)
        if kind not in _ARNS:
            raise UnknownIntrinsicError(f"The ARN of an {kind} is unknown.")
        owner, resource = _ARNS[kind]
        place = self.place
        text = f"arn:{place.partition}:{owner}:{resource}"
        return text.format(region=place.region, account=place.account, name=self._name(logical_id))

    def _type(self, logical_id: str) -> str:
        try:
            return str(self.template["Resources"][logical_id]["Type"])
        except KeyError as exc:
            raise UnknownIntrinsicError(f"The template has no {logical_id}.") from exc
