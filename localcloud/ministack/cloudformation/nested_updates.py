"""Keep the attributes (`!GetAtt`) of resources when a nested stack is updated.

MiniStack: forgets the attributes of resources that the update of a nested stack changes.
AWS: answers Fn::GetAtt for every resource of a stack, after updates too.
Source: CloudFormation Template Reference, "Fn::GetAtt".
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners

from localcloud.ministack.patch import wrap

type Made = tuple[str, dict[str, Any]]


def install() -> None:
    """Give every update the attributes of the resource so far."""
    parameters = "resource_type physical_id old_props new_props stack_name logical_id old_attrs"
    wrap(provisioners, "_update_resource", parameters, _update)


def _update(
    original: Callable[..., Made],
    resource_type: str,
    physical_id: str,
    old: dict[str, Any],
    new: dict[str, Any],
    stack_name: str,
    logical_id: str | None = None,
    known: dict[str, Any] | None = None,
) -> Made:
    if known is None:
        resources = (cloudformation._stacks.get(stack_name) or {}).get("_resources", {})
        known = resources.get(logical_id, {}).get("Attributes", {})
    made, attributes = original(resource_type, physical_id, old, new, stack_name, logical_id, known)
    return made, {**known, **attributes} if made == physical_id else attributes
