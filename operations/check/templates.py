"""The CloudFormation templates, shown to `cloudformation validate-template`."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from cli.template import TEMPLATES, read_template
from operations.check.answers import Outcome, Row, ask
from operations.check.permissions import VALIDATE_TEMPLATE

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

type Template = dict[str, Any]

LARGEST = 51_200  # bytes of TemplateBody: CloudFormation API reference, ValidateTemplate
CHECK = "template"


def check_templates(cloudformation: "CloudFormationClient") -> Iterator[Row]:
    """Ask CloudFormation about every template: it checks syntax, not properties of resources."""
    for name in TEMPLATES:
        yield ask(
            CHECK,
            name,
            VALIDATE_TEMPLATE,
            partial(_validate, cloudformation, read_template(name)),
        )


def _validate(
    cloudformation: "CloudFormationClient",
    template: Template,
) -> tuple[Outcome, str]:
    bodies = split(template)
    size = max(len(body.encode()) for body in bodies)
    if size > LARGEST:
        sizes = f"{size:,} bytes as JSON without comments, {LARGEST:,} are allowed"
        return Outcome.NOT_CHECKED, f"The template is too large: {sizes}."

    answers = [cloudformation.validate_template(TemplateBody=body) for body in bodies]
    declared = dict.fromkeys(
        name
        for answer in answers
        for name in [*answer.get("DeclaredTransforms", []), *answer.get("Capabilities", [])]
    )
    return Outcome.ACCEPTED, f"declares {', '.join(declared)}" if declared else ""


def split(template: Template) -> list[str]:
    """Return a template as one or more bodies, each within the limit if possible.

    Each body has all resources, and the policies of some roles: CloudFormation then sees every
    reference of the template in one of the bodies.
    """
    roles = [
        name
        for name, resource in template.get("Resources", {}).items()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    whole = _body(template, roles, roles)
    if len(whole.encode()) <= LARGEST or not roles:
        return [whole]

    parts: list[list[str]] = [[]]
    for role in roles:
        body = _body(template, roles, [*parts[-1], role])
        if len(body.encode()) > LARGEST:
            parts.append([])
        parts[-1].append(role)

    return [_body(template, roles, part) for part in parts if part]


def _body(template: Template, roles: Sequence[str], complete: Sequence[str]) -> str:
    """Return a template as JSON in which only some of the roles have policies."""
    if missing := set(roles) - set(complete):
        resources = {
            name: _without_policies(resource) if name in missing else resource
            for name, resource in template["Resources"].items()
        }
        template = {**template, "Resources": resources}
    return json.dumps(template, separators=(",", ":"), default=str)


def _without_policies(role: Template) -> Template:
    properties = {name: value for name, value in role["Properties"].items() if name != "Policies"}
    return {**role, "Properties": properties}
