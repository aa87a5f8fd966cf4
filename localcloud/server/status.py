"""Describe a running local cloud and the resources in it, through the clients that users have."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.server.cloud import Cloud
from localcloud.server.ownership import Record

type Status = Mapping[str, Any]

DOWN: Status = {"running": False}


def status(record: Record) -> Status:
    """Return the process and the resources of a running local cloud, as JSON has them."""
    cloud = Cloud(record.url)
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    functions = _all(cloud.client("lambda"), "list_functions")["Functions"]
    endpoints = _all(cloud.client("sagemaker"), "list_endpoints")["Endpoints"]

    return {
        "running": True,
        "url": record.url,
        "process": record.pid,
        "started_at": record.started_at,
        "stacks": [_named(stack, "StackName", "StackStatus") for stack in stacks],
        "functions": [function["FunctionName"] for function in functions],
        "endpoints": [_named(endpoint, "EndpointName", "EndpointStatus") for endpoint in endpoints],
        "workflows": list(_workflows(cloud.client("stepfunctions"))),
    }


def lines(found: Status) -> Iterator[str]:
    """Yield the status as text, one line for each kind of resource and for each workflow."""
    yield (
        f"The local cloud is up at {found['url']} since {found['started_at']} "
        f"(process {found['process']})."
    )
    yield _line("stacks", [f"{one['name']} ({one['status']})" for one in found["stacks"]])
    yield _line("functions", found["functions"])
    yield _line("endpoints", [f"{one['name']} ({one['status']})" for one in found["endpoints"]])
    for workflow in found["workflows"]:
        counts = [f"{count} {name}" for name, count in workflow["executions"].items()]
        yield _line("workflow", [workflow["name"], *counts])


def _named(resource: Mapping[str, Any], name: str, state: str) -> dict[str, str]:
    return {"name": resource[name], "status": resource[state]}


def _workflows(client: Any) -> Iterator[dict[str, Any]]:
    for machine in _all(client, "list_state_machines")["stateMachines"]:
        arn = machine["stateMachineArn"]
        # ListExecutions "is not supported by EXPRESS state machines" (API reference).
        is_express = machine["type"] == "EXPRESS"
        executions = (
            [] if is_express else _all(client, "list_executions", stateMachineArn=arn)["executions"]
        )
        counts = Counter(execution["status"] for execution in executions)
        yield {"name": machine["name"], "executions": dict(sorted(counts.items()))}


def _all(client: Any, operation: str, **arguments: str) -> dict[str, Any]:
    pages = client.get_paginator(operation).paginate(**arguments)
    found: dict[str, Any] = pages.build_full_result()
    return found


def _line(title: str, entries: list[str]) -> str:
    return f"  {title:<10} {', '.join(entries) or 'none'}"
