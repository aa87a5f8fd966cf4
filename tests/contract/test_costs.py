"""Compute the monthly costs on the pages from the templates and the list prices."""

import re
from collections import Counter
from pathlib import Path

import pytest

from cli import instances
from cli.prices import HOURS_PER_MONTH, Prices, read_prices
from cli.template import MONITORING, read_template
from operations.service.price import TAGGING, accepted_path
from operations.service.workflow_definition import read_definition

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/architecture.md", "docs/training.md", "docs/tutorial.md"]
METRICS = 31  # of three classes, see the page


def resources(template: str, **wanted: str) -> int:
    """Count the resources of a template with this Type or this value of a property."""
    found = read_template(template)["Resources"]
    members = ({"Type": one["Type"], **one["Properties"]} for one in found.values())
    return sum(
        wanted.items() <= {key: str(value) for key, value in one.items()}.items() for one in members
    )


@pytest.fixture(scope="module")
def prices() -> Prices:
    return read_prices()


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def costs(prices: Prices) -> dict[str, tuple[int, float]]:
    """Return the number of each paid resource, and its dollars a month."""
    monitoring = MONITORING
    endpoints = resources("stacks/network.yaml", VpcEndpointType="Interface")
    return {
        "alarms": (resources(monitoring, Type="AWS::CloudWatch::Alarm"), prices.alarm_month),
        "composite alarms": (
            resources(monitoring, Type="AWS::CloudWatch::CompositeAlarm"),
            prices.composite_alarm_month,
        ),
        "custom metrics": (METRICS, prices.metric_month),
        "KMS keys": (resources("template.yaml", Type="AWS::KMS::Key"), prices.key_month),
        "interface endpoints": (endpoints, prices.interface_endpoint_hour * HOURS_PER_MONTH),
    }


def test_table_of_costs_follows_from_templates_and_prices(
    costs: dict[str, tuple[int, float]],
) -> None:
    page = text_of("docs/operations.md")
    for what, (count, each) in costs.items():
        row = rf"\| {what}[^|]*\| {count} \| \${each:.2f} \| \${count * each:.2f} \|"
        assert re.search(row, page), f"{what}: {count} at ${each:.2f}, ${count * each:.2f} together"


def test_readme_names_the_cost_per_month(costs: dict[str, tuple[int, float]]) -> None:
    [line] = re.findall(r"^A month of .*$", text_of("README.md"), re.MULTILINE)
    together = {what: count * each for what, (count, each) in costs.items()}
    alarms = together.pop("alarms") + together.pop("composite alarms")
    expected = Counter(f"${dollars:.2f}" for dollars in (alarms, *together.values()))
    assert expected == Counter(re.findall(r"\$\d+\.\d\d", line))
    assert f"{costs['alarms'][0]} alarms" in line


def test_readme_names_the_transitions_of_a_thousand_images(prices: Prices) -> None:
    transitions = 1000 * len(accepted_path(read_definition("image_classification")))
    dollars = transitions * prices.per_million["state_transition"] / 1e6
    sentence = f"A thousand images make {transitions:,} transitions of the Standard workflow"
    assert f"{sentence} (${dollars:.2f})" in text_of("README.md")


def test_page_names_the_cost_of_tagging_a_million_images(prices: Prices) -> None:
    million = prices.per_million
    units = {"express_request": 1, "s3_get": 1, "s3_put": 1, "dynamodb_read": 1}
    dollars = sum(million[unit] * number for unit, number in units.items())
    dollars += million["express_gb_second"] * TAGGING
    sentence = f"An execution costs ${dollars:.0f} per million images with its requests"
    month = f"the tag ${million['object_tag']:.0f} a month per million versions"
    assert f"{sentence}, and {month}." in text_of("docs/operations.md")


def test_quotas_name_the_state_transitions_of_an_image() -> None:
    transitions = len(accepted_path(read_definition("image_classification")))
    row = f"| Step Functions, state transitions a second | {transitions} (Standard) |"
    assert row in text_of("docs/operations.md")


@pytest.mark.parametrize("page", PAGES)
def test_page_names_the_hourly_prices_of_the_default_instances(page: str, prices: Prices) -> None:
    defaults = (instances.ENDPOINT, *instances.TRAINING.values())
    expected = {f"${prices.instance_hour[instance]} an hour" for instance in defaults}
    assert set() < set(re.findall(r"\$[\d.]+ an hour", text_of(page))) <= expected


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/training.md"])
def test_page_names_the_endpoints_cost_per_month(page: str, prices: Prices) -> None:
    hour = prices.instance_hour[instances.ENDPOINT]
    assert f"${hour} an hour, ${hour * HOURS_PER_MONTH:.0f} a month" in text_of(page)
