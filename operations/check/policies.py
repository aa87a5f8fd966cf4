"""Every IAM policy of the templates, shown to IAM Access Analyzer's ValidatePolicy."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cli.template import SERVICE, TEMPLATES, read_template
from operations.check.answers import Outcome, Row, ask
from operations.check.intrinsics import Resolver
from operations.check.permissions import VALIDATE_POLICY
from operations.check.place import Place

CHECK = "policy"
IDENTITY, RESOURCE = "IDENTITY_POLICY", "RESOURCE_POLICY"
# The property that holds a policy, its kind, and the type whose own rules Access Analyzer knows.
_DOCUMENTS = {
    "AWS::EC2::VPCEndpoint": ("PolicyDocument", RESOURCE, ""),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument", IDENTITY, ""),
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", RESOURCE, "AWS::IAM::AssumeRolePolicyDocument"),
    "AWS::KMS::Key": ("KeyPolicy", RESOURCE, ""),
    "AWS::Logs::ResourcePolicy": ("PolicyDocument", RESOURCE, ""),
    "AWS::S3::BucketPolicy": ("PolicyDocument", RESOURCE, "AWS::S3::Bucket"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", RESOURCE, ""),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", RESOURCE, ""),
}


@dataclass(frozen=True)
class Policy:
    """One policy document after substitution, as JSON."""

    subject: str
    kind: str
    document: str
    resource_type: str = ""

    def request(self) -> dict[str, str]:
        """Return the parameters of ValidatePolicy."""
        parameters = {"policyDocument": self.document, "policyType": self.kind}
        if self.resource_type:
            parameters["validatePolicyResourceType"] = self.resource_type
        return parameters


def check_policies(access_analyzer: Any, place: Place) -> Iterator[Row]:
    """Ask Access Analyzer about every policy. An error refuses it; warnings are shown."""
    for policy in find_policies(place):
        yield ask(
            CHECK,
            policy.subject,
            VALIDATE_POLICY,
            partial(_validate, access_analyzer, policy),
        )


def find_policies(place: Place) -> Iterator[Policy]:
    """Yield every policy of every template, those under conditions too."""
    for template in TEMPLATES:
        resolver = make_resolver(template, place)
        for logical_id, resource in resolver.template["Resources"].items():
            subject = f"{template}: {logical_id}"
            yield from _policies_of(
                subject,
                resource["Type"],
                resource.get("Properties", {}),
                resolver,
            )


def make_resolver(template: str, place: Place) -> Resolver:
    """Return a template's resolver; a nested one gets its values from the service's template."""
    if template == SERVICE:
        return Resolver(read_template(SERVICE), place)

    parent = make_resolver(SERVICE, place)
    given: Mapping[str, Any] = {}
    for resource in parent.template["Resources"].values():
        properties = resource.get("Properties", {})
        if properties.get("TemplateURL") == template:
            given = parent.resolve(properties["Parameters"])

    return Resolver(read_template(template), place, given)


def _policies_of(
    subject: str,
    resource_type: str,
    properties: dict[str, Any],
    resolver: Resolver,
) -> Iterator[Policy]:
    if resource_type in _DOCUMENTS:
        name, kind, analyzed_as = _DOCUMENTS[resource_type]
        document = _as_json(resolver.resolve(properties[name]))
        shown = f"{subject} (trust)" if analyzed_as.startswith("AWS::IAM") else subject
        yield Policy(shown, kind, document, analyzed_as)

    for policy in resolver.resolve(properties.get("Policies", [])):
        yield Policy(
            f"{subject} ({policy['PolicyName']})",
            IDENTITY,
            _as_json(policy["PolicyDocument"]),
        )


def _as_json(document: Any) -> str:
    if isinstance(document, str):
        return document
    return json.dumps(document, separators=(",", ":"), default=str)


def _validate(access_analyzer: Any, policy: Policy) -> tuple[Outcome, str]:
    pages = access_analyzer.get_paginator("validate_policy").paginate(**policy.request())
    findings = [finding for page in pages for finding in page["findings"]]
    refused = any(finding["findingType"] == "ERROR" for finding in findings)
    outcome = Outcome.REFUSED if refused else Outcome.ACCEPTED
    return outcome, " ".join(map(_sentence, findings))


def _sentence(finding: Mapping[str, str]) -> str:
    return f"{finding['findingType']} {finding['issueCode']}: {finding['findingDetails']}"
