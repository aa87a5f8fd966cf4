"""The calls that the local cloud has written into its audit log."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from localcloud.server.settings import Folder
from tests.workflow.least_privilege.deployment import Deployment
from tests.workflow.least_privilege.policies import Call


def recorded(folder: Folder, deployment: Deployment, *, allowed: bool) -> set[Call]:
    """The calls of a deployment's roles and services in the local cloud's audit log."""
    roles = {deployment.names[role]: role for role in deployment.roles}
    guarded = {one.guards for one in deployment.policies.statements if one.guards}
    found = set()
    for line in _lines(folder.audit):
        caller = line["caller"]
        if ":assumed-role/" in caller:
            caller = roles.get(caller.split("/")[1])
        elif line["resource"] not in guarded:
            continue
        if caller and line["allowed"] == allowed:
            found.add(
                Call(caller, line["action"], line["resource"], _conditions(line["conditions"]))
            )
    return found


def _lines(log: Path) -> Iterator[dict[str, Any]]:
    for path in (
        log.with_name(f"{log.name}.1"),
        log,
    ):  # the files before and after the last rotation
        if path.exists():
            yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def _conditions(given: dict[str, Any]) -> frozenset[tuple[str, Any]]:
    return frozenset(
        (key, tuple(value) if isinstance(value, list) else value) for key, value in given.items()
    )
