"""The saved queries of the stack agree with the log of decisions and the records."""

import json
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest

from localcloud.logs_insights.aggregates import plain
from localcloud.server.cloud import Cloud
from tests.workflow.deployed import TRUCK, Deployed

type Row = dict[str, str]
type Decision = dict[str, Any]


@dataclass(frozen=True)
class Log:
    """The log of decisions in order, and the executions of this module."""

    events: list[Decision]
    unreadable: str
    review: str

    @property
    def details(self) -> list[Decision]:
        return [event["detail"] for event in self.events]

    def detail(self, execution: str) -> Decision:
        [found] = [event["detail"] for event in self.events if execution in event["resources"]]
        return dict(found)


class SavedQueries:
    """The saved queries of the service, as a client of CloudWatch Logs has them."""

    def __init__(self, cloud: Cloud, stack: str) -> None:
        self._logs = cloud.client("logs")
        answer = self._logs.describe_query_definitions(queryDefinitionNamePrefix=f"{stack}/")
        self.by_name = {one["name"].partition("/")[2]: one for one in answer["queryDefinitions"]}

    def run(self, name: str) -> list[Row]:
        definition = self.by_name[name]
        query = self._logs.start_query(
            logGroupNames=definition["logGroupNames"],
            queryString=definition["queryString"],
            startTime=0,
            endTime=int(time.time()) + 1,
        )
        answer = self._logs.get_query_results(queryId=query["queryId"])
        assert answer["status"] == "Complete"
        return [
            {one["field"]: one["value"] for one in row if one["field"] != "@ptr"}
            for row in answer["results"]
        ]

    def events(self) -> list[Decision]:
        [group] = self.by_name["slowest images"]["logGroupNames"]
        pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        lines = [event for page in pages for event in page["events"]]
        return [
            json.loads(line["message"])
            for line in sorted(lines, key=lambda line: line["timestamp"])
        ]


@pytest.fixture(scope="module")
def queries(cloud: Cloud, service: Deployed) -> SavedQueries:
    return SavedQueries(cloud, service.stack)


@pytest.fixture(scope="module")
def log(queries: SavedQueries, service: Deployed) -> Log:
    """Have an image for review and an unreadable one decided, and read the log once it has both."""
    unreadable = service.upload(TRUCK[:200], "queries/truncated.png").execution
    url = service.archive(TRUCK, "queries/review.png")
    review = service.start({"image_url": url, "confidence_threshold": 1}).execution

    deadline = time.monotonic() + 10
    while not {unreadable, review} <= {
        name for event in queries.events() for name in event["resources"]
    }:
        assert time.monotonic() < deadline, "The log of decisions lacks this module's images."
        time.sleep(0.05)
    return Log(queries.events(), unreadable, review)


def test_saved_queries_are_listed_with_their_log_group(
    queries: SavedQueries, service: Deployed
) -> None:
    assert {"slowest images", "errors by class", "low confidence by class"} == set(queries.by_name)
    groups = {tuple(definition["logGroupNames"]) for definition in queries.by_name.values()}
    assert {(f"/aws/events/{service.stack}-decisions",)} == groups


def test_slowest_images_are_those_of_the_log(queries: SavedQueries, log: Log) -> None:
    rows = queries.run("slowest images")
    timed = [event for event in log.events if "processing_time_ms" in event["detail"]]
    longest = sorted((event["detail"]["processing_time_ms"] for event in timed), reverse=True)
    assert longest[:20] == [int(row["detail.processing_time_ms"]) for row in rows]

    by_execution = {event["resources"][0]: event["detail"] for event in timed}
    found = [by_execution[row["execution"]] for row in rows]
    assert longest[:20] == [detail["processing_time_ms"] for detail in found]
    assert [detail["outcome"] for detail in found] == [row["detail.outcome"] for row in rows]


def test_log_of_decisions_and_record_agree(log: Log, service: Deployed) -> None:
    for execution in (log.review, log.unreadable):
        detail = log.detail(execution)
        record = service.record(detail["image_url"])
        for field in ("outcome", "processing_time_ms", "image_url"):
            assert detail[field] == record[field]


def test_errors_are_counted_by_outcome_and_class(
    queries: SavedQueries, log: Log, service: Deployed
) -> None:
    expected: dict[tuple[str, str], list[Decision]] = defaultdict(list)
    for detail in log.details:
        if "error" in detail:
            expected[detail["outcome"], detail["error"]].append(detail)

    rows = queries.run("errors by class")
    found = {(row["detail.outcome"], row["detail.error"]): row for row in rows}
    assert {key: str(len(details)) for key, details in expected.items()} == {
        key: row["images"] for key, row in found.items()
    }
    assert {key: details[-1]["image_url"] for key, details in expected.items()} == {
        key: row["image"] for key, row in found.items()
    }
    counts = [int(row["images"]) for row in rows]
    assert sorted(counts, reverse=True) == counts

    mine = log.detail(log.unreadable)
    record = service.record(mine["image_url"])
    assert int(found[record["outcome"], record["error"]]["images"]) >= 1


def test_images_for_review_are_counted_by_class_with_their_confidence(
    queries: SavedQueries, log: Log, service: Deployed
) -> None:
    expected: dict[str, list[float]] = defaultdict(list)
    for detail in log.details:
        if detail["outcome"] == "REVIEW":
            expected[detail["classification"]].append(detail["confidence_score"])

    rows = {row["detail.classification"]: row for row in queries.run("low confidence by class")}
    assert {name: str(len(scores)) for name, scores in expected.items()} == {
        name: row["images"] for name, row in rows.items()
    }
    assert {name: min(scores) for name, scores in expected.items()} == {
        name: float(row["lowest"]) for name, row in rows.items()
    }
    assert {name: plain(sum(scores) / len(scores)) for name, scores in expected.items()} == {
        name: row["mean"] for name, row in rows.items()
    }

    record = service.record(log.detail(log.review)["image_url"])
    assert float(record["confidence_score"]) >= float(rows[record["classification"]]["lowest"])
