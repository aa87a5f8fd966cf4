"""The monitoring template matches the service's output and the page about its alarms."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from localcloud.logs_insights.commands import parse
from localcloud.logs_insights.events import Event
from localcloud.logs_insights.run import run
from training.service.metric import METRIC

ROOT = Path(__file__).parents[2]
PLACEHOLDER = re.compile(r"\$\{([\w.:]+)\}")
# Metrics of the functions and of the metric filters.
OWN = {"Retries", "SerializeTime", "EndpointLatency", "Confidence"}
TOLD = {METRIC}  # by the training tool
MEASURED = {"OldestWaitingDays"}  # by the workflow waiting_age


@pytest.fixture(scope="session")
def watch(monitoring: dict[str, Any]) -> dict[str, Any]:
    """The resources of the monitoring template by logical id."""
    found: dict[str, Any] = monitoring["Resources"]
    return found


def of_type(watch: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: one["Properties"] for name, one in watch.items() if one["Type"] == kind}


@pytest.fixture(scope="session")
def alarms(watch: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return of_type(watch, "AWS::CloudWatch::Alarm")


@pytest.fixture(scope="session")
def dashboard(watch: dict[str, Any]) -> dict[str, Any]:
    text = watch["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    body: dict[str, Any] = json.loads(PLACEHOLDER.sub("1", text))
    return body


@pytest.fixture(scope="session")
def decision() -> dict[str, Any]:
    """An event as it stands in the log of decisions."""
    event: dict[str, Any] = json.loads((ROOT / "events/image_decided.json").read_text())
    return event


def test_parameters_are_those_that_the_service_gives(
    monitoring: dict[str, Any], resources: dict[str, Any]
) -> None:
    assert set(monitoring["Parameters"]) == set(resources["Monitoring"]["Properties"]["Parameters"])


def test_every_alarm_defines_missing_data(alarms: dict[str, dict[str, Any]]) -> None:
    assert {"breaching", "notBreaching"} == {alarm["TreatMissingData"] for alarm in alarms.values()}


def test_alarms_about_missing_decisions_and_measurements_treat_missing_data_as_breaching(
    alarms: dict[str, dict[str, Any]],
) -> None:
    expected = {
        name for name, alarm in alarms.items() if alarm["ComparisonOperator"] == "LessThanThreshold"
    }
    assert {*expected, "WaitingAgeAlarm"} == {
        name for name, alarm in alarms.items() if alarm["TreatMissingData"] == "breaching"
    }


def test_no_alarm_covers_more_time_than_cloudwatch_allows(
    alarms: dict[str, dict[str, Any]], template: dict[str, Any]
) -> None:
    # PutMetricAlarm: a day, or seven for periods of an hour and more.
    longest = {"QuietHours": template["Parameters"]["QuietHours"]["MaxValue"]}
    for name, alarm in alarms.items():
        periods = alarm["EvaluationPeriods"]
        periods = longest[periods["Ref"]] if isinstance(periods, dict) else periods
        assert alarm["Period"] * periods <= (604800 if alarm["Period"] >= 3600 else 86400), name


def test_every_alarm_but_two_parts_of_another_notifies_the_topic(watch: dict[str, Any]) -> None:
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    silent = {
        name
        for kind in kinds
        for name, alarm in of_type(watch, kind).items()
        if not alarm.get("AlarmActions")
    }
    assert {"WorkArrivesAlarm", "NothingDecidedForAnHourAlarm"} == silent


def test_no_alarm_notifies_of_ok_or_insufficient_data(watch: dict[str, Any]) -> None:
    # PutMetricAlarm: a new alarm is INSUFFICIENT_DATA, and actions of its next state run.
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    others = {"OKActions", "InsufficientDataActions"}
    assert [] == [
        name
        for kind in kinds
        for name, alarm in of_type(watch, kind).items()
        if others & alarm.keys()
    ]


def test_every_rule_has_alarms_for_undelivered_and_for_lost_events(
    watch: dict[str, Any], alarms: dict[str, dict[str, Any]], resources: dict[str, Any]
) -> None:
    given = resources["Monitoring"]["Properties"]["Parameters"]
    # The next event of a schedule replaces a lost one, and the alarm waiting-age misses its metric.
    rules = [
        name
        for name, one in {**resources, **watch}.items()
        if one["Type"] == "AWS::Events::Rule" and "EventPattern" in one["Properties"]
    ]
    watched = [
        (alarm["MetricName"], given.get(reference, {"Ref": reference})["Ref"])
        for alarm in alarms.values()
        if alarm["Namespace"] == "AWS/Events"
        for reference in [alarm["Dimensions"][0]["Value"]["Ref"]]
    ]
    metrics = ("FailedInvocations", "InvocationsFailedToBeSentToDlq")
    assert sorted((metric, rule) for metric in metrics for rule in rules) == sorted(watched)


def test_composite_alarm_names_alarms_of_the_template(watch: dict[str, Any]) -> None:
    rule = watch["ImagesUnaccountedForAlarm"]["Properties"]["AlarmRule"]["Fn::Sub"]
    assert set(PLACEHOLDER.findall(rule)) <= set(of_type(watch, "AWS::CloudWatch::Alarm"))


def test_dashboard_shows_every_alarm_with_an_action(watch: dict[str, Any]) -> None:
    body = watch["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    shown = {
        name.removesuffix(".Arn")
        for name in PLACEHOLDER.findall(body)
        if name.endswith("Alarm.Arn")
    }
    assert {name for name, one in watch.items() if one["Properties"].get("AlarmActions")} == shown


def test_dashboard_is_json_whose_widgets_do_not_overlap(dashboard: dict[str, Any]) -> None:
    cells = [
        (x, y)
        for widget in dashboard["widgets"]
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(set(cells)) == len(cells)
    assert 24 == 1 + max(x for x, _ in cells)


def test_own_metrics_that_are_shown_or_watched_are_published(
    dashboard: dict[str, Any], alarms: dict[str, dict[str, Any]], watch: dict[str, Any]
) -> None:
    filtered = {
        transformation["MetricName"]
        for one in of_type(watch, "AWS::Logs::MetricFilter").values()
        for transformation in one["MetricTransformations"]
    }
    named = {
        alarm["MetricName"]
        for alarm in alarms.values()
        if "SconesUnlimited" in str(alarm["Namespace"])
    }
    named |= set(re.findall(r'MetricName=\\"(\w+)\\"', json.dumps(dashboard)))
    for widget in dashboard["widgets"]:
        namespace = ""
        for namespace_or_not, name, *_ in (
            one for one in widget["properties"].get("metrics", []) if len(one) > 1
        ):
            namespace = namespace if namespace_or_not == "." else namespace_or_not
            if namespace.startswith("SconesUnlimited") and name != ".":
                named.add(name)
    assert OWN | TOLD | MEASURED | filtered == named


def test_measured_metrics_are_published_by_the_workflow(
    definitions: dict[str, dict[str, Any]],
) -> None:
    arguments = definitions["waiting_age"]["States"]["Publish age"]["Arguments"]
    assert MEASURED == {datum["MetricName"] for datum in arguments["MetricData"]}
    assert "SconesUnlimited/${Service}" == arguments["Namespace"]


@pytest.mark.parametrize("name", sorted(OWN))
def test_own_metric_of_a_function_is_in_its_code(name: str) -> None:
    code = "".join(path.read_text() for path in (ROOT / "functions").glob("*/app.py"))
    assert re.search(rf'metrics\.add_metric\(\s*name="{name}"', code)


def fields(text: str) -> set[str]:
    return set(re.findall(r"detail\.\w+", text))


def test_filters_and_queries_read_fields_of_an_event(
    watch: dict[str, Any], decision: dict[str, Any]
) -> None:
    failed = {"error", "cause"}  # of an image that was not processed, instead of its class
    known = {f"detail.{name}" for name in decision["detail"].keys() | failed}
    queries = of_type(watch, "AWS::Logs::QueryDefinition")
    filters = of_type(watch, "AWS::Logs::MetricFilter")
    assert {"SlowestImagesQuery", "ErrorsByClassQuery", "LowConfidenceByClassQuery"} == set(queries)
    assert set() == fields(json.dumps([queries, filters])) - known


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        (
            "SlowestImagesQuery",
            {},
            {
                "detail.processing_time_ms": "245",
                "detail.image_url": "s3://scones-unlimited-images-123456789012/uploads/truck.png",
                "detail.outcome": "ACCEPTED",
                "execution": "arn:aws:states:us-east-1:123456789012:execution:"
                "scones-unlimited-image-classification-STANDARD:0a1b2c3d-sample",
            },
        ),
        (
            "ErrorsByClassQuery",
            {
                "outcome": "UNREADABLE",
                "error": "UnreadableImageError",
                "cause": "Truncated",
                "image_url": "s3://b/k",
            },
            {
                "detail.outcome": "UNREADABLE",
                "detail.error": "UnreadableImageError",
                "images": "1",
                "cause": "Truncated",
                "image": "s3://b/k",
            },
        ),
        (
            "LowConfidenceByClassQuery",
            {"outcome": "REVIEW", "confidence_score": 0.61},
            {"detail.classification": "truck", "images": "1", "mean": "0.61", "lowest": "0.61"},
        ),
    ],
)
def test_saved_query_runs_over_a_decision(
    watch: dict[str, Any],
    decision: dict[str, Any],
    name: str,
    changes: dict[str, Any],
    expected: dict[str, str],
) -> None:
    message = json.dumps({**decision, "detail": decision["detail"] | changes})
    query = parse(watch[name]["Properties"]["QueryString"])
    [row] = run(
        query, [Event("pointer", "decisions", "events", message, 0, 0)], "123456789012"
    ).rows
    assert expected == {field: value for field, value in row if field != "@ptr"}


def test_decisions_of_this_bucket_alone_are_written_by_this_rule_alone(
    watch: dict[str, Any],
) -> None:
    pattern = watch["DecisionRule"]["Properties"]["EventPattern"]
    assert [{"prefix": {"Fn::Sub": "s3://${ImageBucketName}/"}}] == pattern["detail"]["image_url"]
    policy = json.loads(watch["DecisionLogPolicy"]["Properties"]["PolicyDocument"]["Fn::Sub"])
    opened, written = policy["Statement"]
    assert "logs:CreateLogStream" == opened["Action"]
    assert "logs:PutLogEvents" == written["Action"]
    assert {"${DecisionLogGroup.Arn}"} == {opened["Resource"], written["Resource"]}
    assert written["Condition"]["ArnEquals"]["aws:SourceArn"].endswith(":rule/${Service}-decisions")


def test_budget_needs_a_limit_and_an_address(
    monitoring: dict[str, Any],
) -> None:
    assert "HasBudget" == monitoring["Resources"]["Budget"]["Condition"]
    limit = {"Fn::Not": [{"Fn::Equals": [{"Ref": "MonthlyBudget"}, 0]}]}
    assert {"Fn::And": [{"Condition": "HasEmail"}, limit]} == monitoring["Conditions"]["HasBudget"]


def test_page_explains_every_alarm_by_its_name(watch: dict[str, Any]) -> None:
    page = (ROOT / "docs/operations.md").read_text()
    section = page.partition("## Alarms")[2].partition("\n## ")[0]
    names = {
        alarm["AlarmName"]["Fn::Sub"].removeprefix("${Service}-")
        for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for alarm in of_type(watch, kind).values()
    }
    assert sorted(names) == sorted(re.findall(r"^\| `([a-z-]+)` (?:\* )?\|", section, re.MULTILINE))
