"""Write docs/stack_roles.md: the requests in a stack's role that are checked, and the others.

`python -m localcloud.tests.contract.ministack.cloudformation.stack_role_page` writes the page.
The permissions of each resource type are those of its CloudFormation schema, which cfn-lint ships.
"""

from collections.abc import Sequence
from pathlib import Path

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from localcloud.ministack.cloudformation.resource_requests import (
    ACTIONS,
    AFTER_CREATION,
    HANDED_TO,
)
from localcloud.ministack.cloudformation.update_actions import BY_PROPERTY
from localcloud.server.settings import REGION

PAGE = Path(__file__).parents[4] / "docs/stack_roles.md"
COMMAND = "python -m localcloud.tests.contract.ministack.cloudformation.stack_role_page"
_HANDLERS = ("create", "read", "update", "delete")
_HEAD = """\
# Requests in the role of a stack

CloudFormation works in the role that a stack operation names with `--role-arn`.
The local cloud checks the requests that create, update and delete a resource, \
against the policies of that role.
A resource whose request is denied fails, and its stack is rolled back.
A type that is not listed here is not emulated in a stack with a role.

The code generates this page: `{command}`.

## Requests that create and delete a resource

The request that creates a resource carries the tags of the resource and of its stack \
as `aws:RequestTag`.

| resource type | creates | deletes |
|---|---|---|
"""
_AFTER = """
These properties of a new resource need a request of their own.

| resource type | property | action |
|---|---|---|
"""
_PASSED = """
## Roles that a resource passes on

These types also need `iam:PassRole` for their role, with the service as `iam:PassedToService`.

| resource type | service |
|---|---|
"""
_KEY = """
A new `AWS::KMS::Key` with tags also needs `kms:TagResource`.

## Requests that update a resource

A type that is not listed is updated with the request that creates it.

| resource type | changed property | action |
|---|---|---|
"""
_NOT_MADE = """
## Requests that are not made

The schemas of CloudFormation name these permissions too.
The local cloud does not make the requests, \
so a role without these permissions succeeds here and may fail on AWS.

"""


def page() -> str:
    """Return the page."""
    parts = [_HEAD.format(command=COMMAND)]
    parts += [
        f"| `{name}` | `{creates}` | `{deletes}` |\n"
        for name, (creates, deletes) in ACTIONS.items()
    ]
    parts += [_AFTER]
    parts += [
        f"| `{name}` | `{set_by}` | `{action}` |\n"
        for name, actions in AFTER_CREATION.items()
        for set_by, action in actions.items()
    ]
    parts += [_PASSED]
    parts += [f"| `{name}` | `{service}` |\n" for name, service in HANDED_TO.items()]
    parts += [_KEY]
    parts += [
        f"| `{name}` | {f'`{changed}`' if changed else 'any other'} | `{action}` |\n"
        for name, actions in BY_PROPERTY.items()
        for changed, action in actions.items()
    ]
    parts += [_NOT_MADE]
    parts += [f"- `{name}`: {_listed(not_made(name))}\n" for name in ACTIONS if not_made(name)]

    return "".join(parts)


def not_made(resource_type: str) -> set[str]:
    """Return the permissions in the schema of a type for which no request is made."""
    made = {*ACTIONS[resource_type], *BY_PROPERTY.get(resource_type, {}).values()}
    made.update(AFTER_CREATION.get(resource_type, {}).values())
    if resource_type in HANDED_TO:
        made.add("iam:PassRole")
    if resource_type == "AWS::KMS::Key":
        made.add("kms:TagResource")
    return in_schema(resource_type) - made


def in_schema(resource_type: str, handlers: Sequence[str] = _HANDLERS) -> set[str]:
    """Return the permissions that these handlers of a type name."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema
    named = schema["handlers"]
    return {
        action for handler in handlers for action in named.get(handler, {}).get("permissions", [])
    }


def _listed(actions: set[str]) -> str:
    return ", ".join(f"`{action}`" for action in sorted(actions))


if __name__ == "__main__":
    PAGE.write_text(page())
