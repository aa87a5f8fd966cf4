"""The dashboard follows AWS's syntax of dashboards, metric math and SEARCH."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.dashboard_syntax import problems
from tests.contract.metric_math import expression_problems

PLACEHOLDERS = {
    r"\$\{\w+\.Arn\}": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:one",
    r"\$\{[\w.:]+\}": "1",
}
CHANGE = Callable[[list[Any]], object]


@pytest.fixture
def body(monitoring: dict[str, Any]) -> dict[str, Any]:
    text = monitoring["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    for placeholder, value in PLACEHOLDERS.items():
        text = re.sub(placeholder, value, text)
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_dashboard_keeps_to_aws_syntax(body: dict[str, Any]) -> None:
    assert [] == problems(body)


def test_all_kinds_of_content_are_checked(body: dict[str, Any]) -> None:
    text = json.dumps(body)
    assert {"alarm", "metric", "log"} == {widget["type"] for widget in body["widgets"]}
    assert 3 == text.count("SEARCH(")
    assert 1 == text.count("SOURCE ")


ALARMS, METRIC, SEARCH, LOG = 0, 4, 1, -1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda widgets: widgets[METRIC].update(type="graph"), "The type 'graph' is not one of"),
        (lambda widgets: widgets[METRIC].update(x=20), "not on the grid"),
        (
            lambda widgets: widgets[METRIC]["properties"].update(query="a"),
            "['query'] are not properties",
        ),
        (lambda widgets: widgets[METRIC]["properties"].pop("region"), "The region is missing"),
        (lambda widgets: widgets[METRIC]["properties"].update(period=90), "The period 90"),
        (
            lambda widgets: widgets[METRIC]["properties"].update(stat="Mean"),
            "'Mean' is not a statistic",
        ),
        (lambda widgets: widgets[METRIC]["properties"].update(view="line"), "The view 'line'"),
        (lambda widgets: widgets[METRIC]["properties"].update(metrics=[]), "0 metrics"),
        (
            lambda widgets: widgets[METRIC]["properties"]["metrics"].append(["...", "a"]),
            "only '.' repeats",
        ),
        (
            lambda widgets: widgets[METRIC]["properties"]["metrics"].insert(0, [".", "a"]),
            "nothing to repeat",
        ),
        (
            lambda widgets: widgets[METRIC]["properties"]["metrics"].append(["a", "b", "c"]),
            "pairs of dimensions",
        ),
        (
            lambda widgets: widgets[METRIC]["properties"]["metrics"].append(
                ["a", "b", {"colour": "#fff"}]
            ),
            "['colour'] are not properties of a metric",
        ),
        (
            lambda widgets: widgets[METRIC]["properties"]["metrics"].append(
                ["a", "b", {"id": "M1"}]
            ),
            "The id 'M1' is not unique, or does not start with a-z",
        ),
        (
            lambda widgets: widgets[SEARCH]["properties"]["metrics"].append(
                [{"expression": "SUM(m1)"}]
            ),
            "No metric or expression of the graph has the id 'm1'",
        ),
        (
            lambda widgets: widgets[ALARMS]["properties"].update(alarms=["one"]),
            "one is not the ARN of an alarm",
        ),
        (
            lambda widgets: widgets[LOG]["properties"].update(query="filter a = 1"),
            "SOURCE 'log group'",
        ),
        (
            lambda widgets: widgets[LOG]["properties"].update(query="SOURCE 'a' | select b"),
            "'select' is not a command",
        ),
    ],
)
def test_undocumented_syntax_is_found(body: dict[str, Any], change: CHANGE, sentence: str) -> None:
    change(body["widgets"])
    assert sentence in " ".join(problems(body))


@pytest.mark.parametrize(
    "expression",
    [
        "SEARCH(' {AWS/EC2,InstanceId} MetricName=\"CPUUtilization\" ', 'Average', 300)",
        "SEARCH('{AWS/EC2,InstanceId} MetricName=\"CPUUtilization\"', 'Average')",
        'SEARCH(\' {"My Namespace", "Dimension@Name"}, "Custom:Name[Special_Characters" \','
        " 'Maximum', 120)",
        "SEARCH(' (EC2 OR EBS) AND MetricName=ReadOps ', 'Maximum', 120)",
        "SEARCH( 'NOT Namespace=AWS ', 'Maximum', 120)",
        "SUM(SEARCH(' {AWS/Lambda, FunctionName} MetricName=\"Errors\" ', 'Sum', 300))",
        'SUM(METRICS("errors"))',
        "FILL(METRICS(), REPEAT)",
        "IF(FIRST(SORT(METRICS(), AVG, DESC))>100, 1, 0)",
        "5 * m1 / [m1, m2] - AVG(m2)",
    ],
)
def test_examples_of_the_user_guide_are_right(expression: str) -> None:
    assert [] == list(expression_problems(expression, ["m1", "m2"]))


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("SEARCH('{Scones/One,outcome} MetricName=\"Images\"', 'Sum', 300)", "need double quotes"),
        (
            "SEARCH('{\"Scones/One\",outcome MetricName=\"Images\"', 'Sum', 300)",
            "need double quotes",
        ),
        (
            "SEARCH('{\"Scones/One\",outcome} MetricName=\"Images', 'Sum', 300)",
            "is not a search term",
        ),
        ("SEARCH('', 'Sum')", "is not a search term"),
        ("SEARCH('Images', 'Total')", "'Total' is not a statistic"),
        ("SEARCH('Images', 'p500')", "'p500' is not a statistic"),
        ("SEARCH('Images', 'Sum', 45)", "The period 45"),
        ("SEARCH('Images')", "SEARCH takes"),
        ("SEARCH(\"Images\", 'Sum')", "SEARCH takes"),
        (f"SEARCH('{'a' * 1025}', 'Sum')", "1025 of 1024"),
        ("sum(m1)", "sum is not a function"),
        ("MEDIAN(m1)", "MEDIAN is not a function"),
        ("m1 + m2", "the id 'm2'"),
        ("SUM(m1", "parentheses do not match"),
        ("m1 ? 1", "is not metric math"),
    ],
)
def test_expression_that_aws_does_not_document_is_found(expression: str, sentence: str) -> None:
    assert sentence in " ".join(expression_problems(expression, ["m1"]))
