"""Queries of Logs Insights: answers, refusals, saved queries and their state."""

import asyncio
import json
import time
from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from ministack.services import cloudwatch_logs
from ministack.services.cloudformation import provisioners

from localcloud.ministack.logs import saved_queries

GROUP = "/aws/events/tests"
NOW = int(time.time())
REJECT = {"detail": {"verdict": "REJECT", "confidence_score": 0.61}}
APPROVED = {"detail": {"verdict": "APPROVED", "confidence_score": 0.97}}


def call(action: str, **data: Any) -> tuple[int, dict[str, Any]]:
    headers = {"x-amz-target": f"Logs_20140328.{action}"}
    answer = cloudwatch_logs.handle_request("POST", "/", headers, json.dumps(data), {})
    status, _, body = asyncio.run(answer)
    return status, json.loads(body)


def accepted(action: str, **data: Any) -> dict[str, Any]:
    """Call and check the answer against botocore's model."""
    status, body = call(action, **data)
    assert 200 == status, body
    output: Any = get_session().get_service_model("logs").operation_model(action).output_shape
    report = ParamValidator().validate(body, output)
    assert not report.has_errors(), report.generate_report()
    assert set() == set(body) - set(output.members)

    return body


@pytest.fixture(autouse=True)
def written(ministack: Any) -> None:
    """Two decisions in a log group."""
    call("CreateLogGroup", logGroupName=GROUP)
    cloudwatch_logs._log_groups[GROUP]["creationTime"] = NOW * 1000
    call("CreateLogStream", logGroupName=GROUP, logStreamName="events")
    events = [
        {"timestamp": NOW * 1000 + n, "message": json.dumps(one)}
        for n, one in enumerate([REJECT, APPROVED])
    ]
    call("PutLogEvents", logGroupName=GROUP, logStreamName="events", logEvents=events)


def request(query: str, **changes: Any) -> dict[str, Any]:
    asked = {
        "logGroupName": GROUP,
        "startTime": NOW - 60,
        "endTime": NOW + 60,
        "queryString": query,
    }
    return {name: value for name, value in {**asked, **changes}.items() if value is not None}


def ask(query: str, **changes: Any) -> dict[str, Any]:
    return accepted("GetQueryResults", **accepted("StartQuery", **request(query, **changes)))


def refusal(**changes: Any) -> tuple[str, str]:
    status, body = call("StartQuery", **request(changes.pop("queryString", "limit 1"), **changes))
    return (body["__type"], body["message"]) if status == 400 else ("accepted", "")


def test_query_is_complete_with_rows_of_fields_and_statistics() -> None:
    found = ask('fields detail.confidence_score as confidence | filter detail.verdict = "REJECT"')
    [[confidence, pointer]] = found["results"]

    assert "Complete" == found["status"]
    assert "CWLI" == found["queryLanguage"]
    assert {"field": "confidence", "value": "0.61"} == confidence
    assert "@ptr" == pointer["field"]
    size = sum(len(json.dumps(one)) for one in (REJECT, APPROVED))
    expected = {
        "recordsMatched": 1,
        "recordsScanned": 2,
        "bytesScanned": size,
        "logGroupsScanned": 1,
        "resultCount": 1,
    }
    assert expected == found["statistics"]


def test_pointer_of_a_row_leads_to_the_whole_record() -> None:
    [[pointer]] = ask('display @ptr | filter detail.verdict = "REJECT"')["results"]
    record = accepted("GetLogRecord", logRecordPointer=pointer["value"])["logRecord"]
    assert REJECT == json.loads(record["@message"])


def test_groups_are_named_by_arn_or_name() -> None:
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}"
    for changes in ({"logGroupIdentifiers": [arn]}, {"logGroupNames": [GROUP]}):
        assert 2 == len(ask("fields @message", logGroupName=None, **changes)["results"])


def test_time_range_is_in_seconds_and_includes_both_ends() -> None:
    assert 1 == len(
        ask("fields @message", startTime=NOW, endTime=NOW)["results"]
    )  # the other event is a millisecond later
    assert [] == ask("fields @message", startTime=NOW + 1, endTime=NOW + 60)["results"]


def test_rows_come_in_pages() -> None:
    query = accepted("StartQuery", **request("fields detail.verdict"))
    first = accepted("GetQueryResults", **query, maxItems=1)
    second = accepted("GetQueryResults", **query, maxItems=1, nextToken=first["nextToken"])
    assert ["REJECT", "APPROVED"] == [page["results"][0][0]["value"] for page in (first, second)]
    assert "nextToken" not in second


def test_limit_of_the_request_and_of_the_query_both_hold() -> None:
    assert [1, 1, 2] == [
        len(ask(query, limit=limit)["results"])
        for query, limit in (("limit 1", 2), ("limit 2", 1), ("fields @message", None))
    ]


def test_part_that_is_not_emulated_is_refused_with_its_place() -> None:
    status, body = call("StartQuery", **request("fields @message | parse @message '*' as all"))
    expected = (
        "The local cloud does not emulate the command parse. "
        "Run the query on AWS, or remove that part."
    )

    assert 400 == status
    assert "MalformedQueryException" == body["__type"]
    assert expected == body["message"]
    location = {"startCharOffset": 18, "endCharOffset": 23}
    assert {"location": location, "message": expected} == body["queryCompileError"]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"logGroupName": None}, "InvalidParameterException", "Exactly one of"),
        ({"logGroupNames": [GROUP]}, "InvalidParameterException", "Exactly one of"),
        (
            {"logGroupName": None, "logGroupNames": [GROUP] * 51},
            "InvalidParameterException",
            "more than 50",
        ),
        ({"logGroupName": "/other"}, "ResourceNotFoundException", "does not exist: /other"),
        ({"queryLanguage": "PPL"}, "InvalidParameterException", "the query language PPL"),
        ({"queryString": " " * 10_001}, "InvalidParameterException", "10,000 characters"),
        ({"startTime": NOW + 61}, "InvalidParameterException", "is after endTime"),
        (
            {"startTime": NOW * 1000, "endTime": NOW * 1000},
            "InvalidParameterException",
            "not a time in seconds",
        ),
        ({"startTime": None}, "InvalidParameterException", "startTime None"),
        ({"limit": 100_001}, "InvalidParameterException", "from 1 to 100,000"),
        (
            {"startTime": 1, "endTime": NOW - 3600},
            "MalformedQueryException",
            "before the log groups creation time",
        ),
        ({"queryString": ""}, "MalformedQueryException", "is not a command"),
    ],
    ids=range(
        12
    ),  # with the time in them, two processes of pytest-xdist may collect different tests
)
def test_request_that_aws_refuses_is_refused(
    changes: dict[str, Any], code: str, words: str
) -> None:
    found, message = refusal(**changes)
    assert code == found
    assert words in message


def test_ended_query_cannot_be_stopped_and_unknown_ones_are_not_found() -> None:
    query = accepted("StartQuery", **request("limit 1"))
    answers = [
        call("StopQuery", **query),
        call("StopQuery", queryId="x"),
        call("GetQueryResults", queryId="x"),
    ]
    expected = [
        "InvalidParameterException",
        "ResourceNotFoundException",
        "ResourceNotFoundException",
    ]

    assert expected == [body["__type"] for _, body in answers]


def test_queries_are_described_by_log_group_and_status() -> None:
    query = accepted("StartQuery", **request("limit 1"))
    [described] = accepted("DescribeQueries", logGroupName=GROUP, status="Complete")["queries"]

    assert (query["queryId"], "limit 1", GROUP) == tuple(
        described[name] for name in ("queryId", "queryString", "logGroupName")
    )
    assert [] == accepted("DescribeQueries", logGroupName="/other")["queries"]
    assert [] == accepted("DescribeQueries", status="Running")["queries"]


PROPERTIES = {"Name": "tests/slowest", "QueryString": "limit 20", "LogGroupNames": [GROUP]}


def described() -> list[dict[str, Any]]:
    found = accepted("DescribeQueryDefinitions", queryDefinitionNamePrefix="tests/")[
        "queryDefinitions"
    ]
    return [{name: one[name] for name in ("name", "queryString", "logGroupNames")} for one in found]


def test_saved_query_of_a_stack_is_created_updated_and_deleted() -> None:
    kind = "AWS::Logs::QueryDefinition"
    made = provisioners._provision_resource(kind, "One", PROPERTIES, "stack")
    assert [
        {"name": "tests/slowest", "queryString": "limit 20", "logGroupNames": [GROUP]}
    ] == described()

    changed = provisioners._RESOURCE_HANDLERS[kind]["update"](
        made[0], PROPERTIES, {**PROPERTIES, "QueryString": "limit 9"}, "stack"
    )
    assert made[0] == changed[0] == changed[1]["QueryDefinitionId"]
    assert ["limit 9"] == [one["queryString"] for one in described()]

    provisioners._delete_resource(kind, made[0], PROPERTIES)
    assert [] == described()


def test_saved_query_of_an_older_state_is_created_when_its_stack_changes() -> None:
    update = provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"]["update"]
    update("not-saved", PROPERTIES, PROPERTIES, "stack")
    assert ["tests/slowest"] == [one["name"] for one in described()]


def test_saved_queries_are_listed_in_pages_by_prefix() -> None:
    for name in ("tests/a", "tests/b", "other"):
        accepted("PutQueryDefinition", name=name, queryString="limit 1")

    first = accepted("DescribeQueryDefinitions", queryDefinitionNamePrefix="tests/", maxResults=1)
    rest = accepted(
        "DescribeQueryDefinitions", queryDefinitionNamePrefix="tests/", nextToken=first["nextToken"]
    )

    assert ["tests/a", "tests/b"] == [
        one["name"] for one in first["queryDefinitions"] + rest["queryDefinitions"]
    ]


def test_unknown_saved_query_is_neither_changed_nor_deleted() -> None:
    for action, data in (
        ("DeleteQueryDefinition", {}),
        ("PutQueryDefinition", {"name": "a", "queryString": "b"}),
    ):
        assert (
            "ResourceNotFoundException" == call(action, queryDefinitionId="x", **data)[1]["__type"]
        )


def test_saved_queries_outlive_a_restart() -> None:
    accepted("PutQueryDefinition", name="tests/saved", queryString="limit 1")
    state = cloudwatch_logs.get_state()
    cloudwatch_logs.reset()
    assert [] == described()
    cloudwatch_logs.load_persisted_state(state)
    assert ["tests/saved"] == [one["name"] for one in saved_queries.definitions.values()]
