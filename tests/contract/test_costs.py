"""The monthly costs that the pages name follow from the templates and the list prices."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from cli.prices import HOURS_PER_MONTH, read_prices

ROOT = Path(__file__).parents[2]
METRICS = 30  # of three classes, see the page


def resources(template: str, **wanted: str) -> int:
    """How many resources of a template have this Type, or this value of a property."""
    found: dict[str, Any] = yaml_parse((ROOT / template).read_text(encoding="utf-8"))["Resources"]
    members = ({"Type": one["Type"], **one["Properties"]} for one in found.values())
    return sum(wanted.items() <= {key: str(value) for key, value in one.items()}.items() for one in members)


@pytest.fixture(scope="module")
def costs() -> dict[str, tuple[int, float]]:
    """By what is paid: how many there are, and dollars a month for each."""
    prices, monitoring = read_prices(), "stacks/monitoring.yaml"
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


def test_table_of_costs_follows_from_templates_and_prices(costs: dict[str, tuple[int, float]]) -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    for what, (count, each) in costs.items():
        row = rf"\| {what}[^|]*\| {count} \| \${each:.2f} \| \${count * each:.2f} \|"
        assert re.search(row, page), f"{what}: {count} at ${each:.2f}, ${count * each:.2f} together"


def test_readme_names_what_a_month_costs(costs: dict[str, tuple[int, float]]) -> None:
    [line] = re.findall(r"^A month of .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    together = {what: count * each for what, (count, each) in costs.items()}
    alarms = together.pop("alarms") + together.pop("composite alarms")
    expected = Counter(f"${dollars:.2f}" for dollars in (alarms, *together.values()))
    assert expected == Counter(re.findall(r"\$\d+\.\d\d", line))
    assert f"{costs['alarms'][0]} alarms" in line
