"""Read the parameters of a template as CloudFormation does.

MiniStack: accepts a parameter that the template does not have. It words a missing value in another
way, and makes an empty list of an empty parameter in `Rules`.
AWS: answers "Parameters: [NAME] must have values" and "Parameters: [NAME] do not exist in the
template". In `Rules` an empty list parameter is a list with one empty text.
Source: https://github.com/aws/aws-sam-cli/issues/3594,
https://github.com/aws-samples/amazon-ec2-image-builder-samples/issues/18 and
https://github.com/aws-cloudformation/cfn-lint/issues/979
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.services.cloudformation import changesets, engine, handlers

from localcloud.ministack.patch import wrap
from localcloud.ministack.refusals import Rule

type Values = dict[str, Any]

RULES = (
    Rule(
        "CloudFormation templates",
        "a parameter that the template does not have",
        "CloudFormation",
        "ValidationError",
    ),
)


def install() -> None:
    """Check the parameters of every template that creates or updates a stack.

    Nested stacks call the same function.
    """
    for module in (handlers, changesets, engine):
        wrap(module, "_resolve_parameters", "template provided_params previous_params", _resolve)
    wrap(engine, "_rule_param_value", "name defn params", _value_in_rules)


def _resolve(
    original: Callable[..., Values],
    template: Mapping[str, Any],
    provided: Sequence[Mapping[str, Any]],
    previous: Mapping[str, Any] | None = None,
) -> Values:
    """Resolve the parameters.

    Raises:
        ValueError: with CloudFormation's message; the API answers a ValidationError.
    """
    given = {one["Key"] for one in provided if not one.get("UsePreviousValue")}
    given |= {
        one["Key"]
        for one in provided
        if one.get("UsePreviousValue") and one["Key"] in (previous or {})
    }
    parameters = template.get("Parameters") or {}
    unknown = sorted({one["Key"] for one in provided if "Key" in one} - parameters.keys())
    if unknown:
        raise ValueError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")

    missing = [
        name for name, one in parameters.items() if name not in given and "Default" not in one
    ]
    if missing:
        raise ValueError(f"Parameters: [{', '.join(missing)}] must have values")

    return original(template, provided, previous)


def _value_in_rules(
    original: Callable[..., Any], name: str, definition: Mapping[str, Any], values: Values
) -> Any:
    """Return the value of `Ref` in Rules, where a missing list has one empty member."""
    value = original(name, definition, values)
    return [""] if value == [] else value
