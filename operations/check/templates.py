"""The CloudFormation templates: read as data, and shown to `cloudformation validate-template`."""

import json
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse

from operations.check.answers import Outcome, Row, ask
from operations.check.permissions import VALIDATE_TEMPLATE

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

ROOT = Path(__file__).parents[2]
SERVICE = "template.yaml"
TEMPLATES = (
    SERVICE,
    "stacks/monitoring.yaml",
    "stacks/network.yaml",
    "stacks/github.yaml",
    "stacks/training.yaml",
)
LARGEST = 51_200  # bytes of TemplateBody: CloudFormation API reference, ValidateTemplate
CHECK = "template"


@cache  # parsing takes a good part of a second
def read_template(name: str) -> dict[str, Any]:
    """Return a template as data, with intrinsic functions in their long form; not to be changed."""
    template: dict[str, Any] = yaml_parse((ROOT / name).read_text(encoding="utf-8"))
    return template


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
