"""Templates with their functions resolved, as far as policies and names use them."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

ROOT = Path(__file__).parents[3]
_NO_VALUE = {"Ref": "AWS::NoValue"}


@cache
def read(name: str) -> dict[str, Any]:
    """Read a template of the repository, with functions in their long form."""
    found: dict[str, Any] = json.loads(json.dumps(cfn_yaml.load(str(ROOT / name))))
    return found


def resolved(
    value: Any, values: Mapping[str, str], conditions: frozenset[str] = frozenset()
) -> Any:
    """Resolve Ref, Fn::Sub, Fn::GetAtt and Fn::If in a value.

    Args:
        value: a part of a template.
        values: for `Ref` and `${}` by logical id or parameter,
            for `Fn::GetAtt` by "<logical id>.<attribute>".
        conditions: those that hold.
    """
    match value:
        case {"Ref": name}:
            return values[name]
        case {"Fn::GetAtt": [name, attribute]}:
            return values[f"{name}.{attribute}"]
        case {"Fn::Sub": [str(text), dict(own)]}:
            return resolved(
                {"Fn::Sub": text}, {**values, **resolved(own, values, conditions)}, conditions
            )
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([\w:.]+)\}", lambda found: values[found[1]], text)
        case {"Fn::If": [condition, then, otherwise]}:
            return resolved(then if condition in conditions else otherwise, values, conditions)
        case dict():
            kept = {name: one for name, one in value.items() if not _is_left_out(one, conditions)}
            return {name: resolved(one, values, conditions) for name, one in kept.items()}
        case list():
            return [
                resolved(one, values, conditions)
                for one in value
                if not _is_left_out(one, conditions)
            ]
    return value


def _is_left_out(value: Any, conditions: frozenset[str]) -> bool:
    match value:
        case {"Fn::If": [condition, then, otherwise]}:
            return _is_left_out(then if condition in conditions else otherwise, conditions)
    return bool(value == _NO_VALUE)
