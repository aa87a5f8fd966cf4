"""What is deployed in a running local cloud, asked for as any client would."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from localcloud.server.cloud import Cloud


def describe(cloud: Cloud) -> Iterator[str]:
    """Yield a line for each kind of thing: stacks, functions, endpoints, workflows with their executions by status."""
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    yield _line("stacks", [f"{stack['StackName']} ({stack['StackStatus']})" for stack in stacks])
    functions = _all(cloud.client("lambda"), "list_functions")["Functions"]
    yield _line("functions", [function["FunctionName"] for function in functions])
    endpoints = _all(cloud.client("sagemaker"), "list_endpoints")["Endpoints"]
    yield _line(
        "endpoints",
        [f"{endpoint['EndpointName']} ({endpoint['EndpointStatus']})" for endpoint in endpoints],
    )
    workflows = cloud.client("stepfunctions")
    for machine in _all(workflows, "list_state_machines")["stateMachines"]:
        executions = _all(workflows, "list_executions", stateMachineArn=machine["stateMachineArn"])[
            "executions"
        ]
        counts = Counter(execution["status"] for execution in executions)
        yield _line(
            "workflow",
            [machine["name"], *(f"{count} {status}" for status, count in sorted(counts.items()))],
        )


def _all(client: Any, operation: str, **arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = (
        client.get_paginator(operation).paginate(**arguments).build_full_result()
    )
    return found


def _line(title: str, entries: list[str]) -> str:
    return f"  {title:<10} {', '.join(entries) or 'none'}"
