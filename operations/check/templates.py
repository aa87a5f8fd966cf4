"""The CloudFormation templates, shown to `cloudformation validate-template`."""

import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from cli.template import TEMPLATES, read_template
from operations.check.answers import Outcome, Row, ask
from operations.check.permissions import VALIDATE_TEMPLATE

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

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
    template: dict[str, Any],
) -> tuple[Outcome, str]:
    body = json.dumps(template, separators=(",", ":"), default=str)
    size = len(body.encode())
    if size > LARGEST:
        sizes = f"{size:,} bytes as JSON without comments, {LARGEST:,} are allowed"
        return Outcome.NOT_CHECKED, f"The template is too large: {sizes}."

    answer = cloudformation.validate_template(TemplateBody=body)
    declared = ", ".join([*answer.get("DeclaredTransforms", []), *answer.get("Capabilities", [])])
    return Outcome.ACCEPTED, f"declares {declared}" if declared else ""
