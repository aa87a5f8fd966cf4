"""Show a deployment on the terminal: the requests of a dry run or the result, and the cost."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.names import shorten
from cli.prices import Prices, per_hour
from cli.project import project_or_checkout
from training.dataset.dataset import Dataset
from training.endpoint.alarms import alarm_requests
from training.endpoint.changes import Endpoint
from training.endpoint.hosting import Hosting
from training.endpoint.request import (
    endpoint_config_request,
    endpoint_request,
    model_request,
    scalable_target_request,
    scaling_policy_request,
)
from training.endpoint.strategy import Strategy
from training.models.trained_model import TrainedModel
from training.project.naming import Names
from training.project.next_command import next_command
from untrusted.console import Console


@dataclass(frozen=True)
class Wanted:
    """The requested deployment. Without a strategy, all requests move to the model at once."""

    dataset: Dataset
    model: TrainedModel
    hosting: Hosting
    strategy: Strategy | None
    prices: Prices


def show(
    console: Console, names: Names, hosting: Hosting, result: dict[str, Any], prices: Prices
) -> None:
    """Show the smoke test, the model card, the cost and the commands of the next steps."""
    # A late import, so that --help does not load numpy.
    from training.statistics.acceptance import show_threshold

    say = console.print
    tested = result["smoke_test"]
    card = result["model_card"]
    say(
        f"Smoke test: {tested['right']} of {tested['images']} training images right, "
        f"{tested['calibration_accuracy']:.1%} of {tested['calibration_images']} calibration "
        f"images. Temperature {card['temperature']:.3f}."
    )
    say(
        f"Model card: {result['model_card_parameter']} ({shorten(card['labels'])}; "
        f"{card['backbone']})"
    )
    if card["recommended_threshold"] is None:
        say("It has no threshold yet, and the default threshold guarantees no precision.")
    else:
        threshold = show_threshold(card["recommended_threshold"])
        say(f"The threshold {threshold} stays: it was chosen for the same model.")
    say(f"Cost: {_cost(hosting, prices)}. `scones cleanup` ends it.")

    project = project_or_checkout()
    place = "" if project == Path.cwd() else f", in {project}"
    steps = [next_command(names, "evaluate")]
    if card["recommended_threshold"] is None:
        steps.insert(0, next_command(names, "threshold", "--precision", "0.97"))
    say(f"Next: {steps[0]}")
    for step in steps[1:]:
        say(f"Then: {step}")
    say(f"Then{place}: {result['deploy_command']}")


def _cost(hosting: Hosting, prices: Prices) -> str:
    if hosting.instance_type is None:
        second = (hosting.memory_mb or 0) / 1024 * prices.serverless_gb_second
        return f"${second:.6f} per second of work, nothing between requests ({prices.basis})"

    hourly = prices.instances(hosting.instance_type, hosting.instances)
    cost = f"{per_hour(hourly)} per hour for {hosting.instances} {hosting.instance_type}"
    if hosting.scaling:
        most = prices.instances(hosting.instance_type, hosting.scaling.largest)
        cost += f", up to {per_hour(most)} for {hosting.scaling.largest}"
    return f"{cost} ({prices.basis})"


def show_requests(endpoint: Endpoint, exists: bool, wanted: Wanted) -> dict[str, Any]:
    """Show the requests that a deployment would send, and its cost; return them."""
    model, hosting, strategy = wanted.model, wanted.hosting, wanted.strategy
    own, tags = endpoint.name, endpoint.names.tag_list
    name = f"{endpoint.names.service}-{endpoint.names.run}-<date>"
    requests: dict[str, Any] = {
        "CreateModel": model_request(
            name, model, model.role, tags, serverless=hosting.is_serverless
        ),
        "CreateEndpointConfig": endpoint_config_request(name, hosting, tags),
    }
    if exists:
        requests["UpdateEndpoint"] = {"EndpointName": own, "EndpointConfigName": name}
        if strategy:
            requests["PutMetricAlarm"] = alarm_requests(own, name, None, tags)
            watching = [request["AlarmName"] for request in requests["PutMetricAlarm"]]
            requests["UpdateEndpoint"] |= strategy.request(watching)
    else:
        requests["CreateEndpoint"] = endpoint_request(own, name, tags)
    if hosting.scaling:
        requests["RegisterScalableTarget"] = scalable_target_request(own, hosting.scaling)
        requests["PutScalingPolicy"] = scaling_policy_request(own, hosting.scaling)
    endpoint.console.print(*json.dumps(requests, indent=2).splitlines(), sep="\n")
    endpoint.console.print(f"Cost: {_cost(hosting, wanted.prices)}.")
    return {"dry_run": True, "requests": requests}
