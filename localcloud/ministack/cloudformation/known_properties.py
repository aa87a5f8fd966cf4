"""Refuse properties that a resource type does not have, and those that are read-only.

MiniStack: ignores them.
AWS: fails the resource with "extraneous key [NAME] is not permitted". Its message for a read-only
property is not documented: the local cloud gives the same one.
Source: CloudFormation User Guide, "Resource type schema" (additionalProperties and
readOnlyProperties), and the message in https://github.com/aws/aws-cdk/issues/28984.
Remove this patch when MiniStack does the same.

known_properties.json has the properties that templates can set.
localcloud/ministack/properties_table.py generates the file.
A type is an object of properties by definition; the definition "" is the resource itself.
"Name:Definition" is a property whose value, or each member of whose list, has that definition.
The table leaves out types and definitions that AWS's schema leaves open.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ministack.services.cloudformation import provisioners, stacks

from localcloud.ministack.patch import wrap
from localcloud.ministack.refusals import Rule

type Properties = Mapping[str, Any]
# The properties by definition, each with the definition of its value or "".
type Known = dict[str, dict[str, str]]

TABLE = Path(__file__).with_suffix(".json")
_AREA = "CloudFormation resources"
_REFUSED = (
    "a property that the resource type does not have",
    "a read-only property, as `Arn` of a queue",
)
RULES = tuple(Rule(_AREA, refused, "CloudFormation", "CREATE_FAILED") for refused in _REFUSED)
_UPDATE = "resource_type physical_id old_props new_props stack_name logical_id old_attrs"


def install() -> None:
    """Check the properties of every resource before it is created or updated."""
    for module in (provisioners, stacks):
        wrap(module, "_provision_resource", "resource_type logical_id props stack_name", _provision)
        wrap(module, "_update_resource", _UPDATE, _update)


def _provision(
    original: Callable[..., Any],
    resource_type: str,
    logical_id: str,
    properties: Properties,
    *rest: Any,
) -> Any:
    _require_known(resource_type, logical_id, properties)
    return original(resource_type, logical_id, properties, *rest)


def _update(
    original: Callable[..., Any],
    resource_type: str,
    physical_id: str,
    old: Properties,
    new: Properties,
    stack_name: str,
    logical_id: str | None = None,
    *rest: Any,
) -> Any:
    if old != new:
        _require_known(resource_type, logical_id or physical_id, new)
    return original(resource_type, physical_id, old, new, stack_name, logical_id, *rest)


def _require_known(resource_type: str, logical_id: str, properties: Properties) -> None:
    """Raise ValueError, which fails the resource, if a property is unknown or read-only."""
    found = unknown_properties(resource_type, properties)
    if found:
        lines = [f"{path}: extraneous key [{name}] is not permitted" for path, name in found]
        raise ValueError(
            "\n".join(
                [f"Properties validation failed for resource {logical_id} with message:", *lines]
            )
        )


def unknown_properties(resource_type: str, properties: Properties) -> list[tuple[str, str]]:
    """Return the path and the name of each property that templates cannot set.

    A path is a JSON pointer, as "#" for the resource itself or "#/Rules/0".
    """
    known = known_properties().get(resource_type)
    return list(_unknown(known, "", properties, "#")) if known else []


@cache
def known_properties() -> dict[str, Known]:
    """Return the known properties of each type, read once."""
    types = json.loads(TABLE.read_text())["types"]
    return {
        name: {key: _parsed(listed) for key, listed in known.items()}
        for name, known in types.items()
    }


def _parsed(listed: list[str]) -> dict[str, str]:
    parts = (entry.partition(":") for entry in listed)
    return {name: definition for name, _, definition in parts}


def _unknown(known: Known, definition: str, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for index, member in enumerate(value):
            yield from _unknown(known, definition, member, f"{path}/{index}")
    elif isinstance(value, Mapping) and definition in known:
        names = known[definition]
        yield from ((path, name) for name in value if name not in names)
        for name, inner in value.items():
            if names.get(name):
                yield from _unknown(known, names[name], inner, f"{path}/{name}")
