"""Run each command of Logs Insights QL over a few events, and refuse the other parts."""

import json
from typing import Any

import pytest

from localcloud.logs_insights.commands import parse
from localcloud.logs_insights.errors import MalformedQueryError
from localcloud.logs_insights.events import Event
from localcloud.logs_insights.ordering import sort_key
from localcloud.logs_insights.run import run

ACCOUNT = "123456789012"
NOON = 1_796_040_000_000  # 2026-11-30T12:00:00Z
DECISIONS: list[dict[str, Any]] = [
    {"detail": {"verdict": "REJECT", "class": "truck", "time_ms": 245, "score": 0.61}},
    {"detail": {"verdict": "FAILED", "error": "ThrottlingException", "cause": "Rate exceeded"}},
    {"detail": {"verdict": "REJECT", "class": "truck", "time_ms": 99, "score": 0.5}},
    {"detail": {"verdict": "REJECT", "class": "automobile", "time_ms": 1300, "score": 0.7}},
    {"detail": {"verdict": "FAILED", "error": "ThrottlingException", "cause": "Too many"}},
]


def events(*messages: Any, group: str = "decisions") -> list[Event]:
    """Return one event a minute."""
    texts = [one if isinstance(one, str) else json.dumps(one) for one in messages]
    return [
        Event(f"ptr-{n}", group, "events", text, NOON + 60_000 * n, NOON + 60_000 * n + 5)
        for n, text in enumerate(texts)
    ]


def rows(query: str, *messages: Any, group: str = "decisions") -> list[dict[str, str]]:
    """Return the rows of a query, without pointers."""
    found = run(parse(query), events(*(messages or DECISIONS), group=group), ACCOUNT).rows
    return [{name: value for name, value in row if name != "@ptr"} for row in found]


def values(query: str, name: str, *messages: Any, group: str = "decisions") -> list[str | None]:
    return [row.get(name) for row in rows(query, *messages, group=group)]


# --------------------------------------------------------------------------------- Fields


def test_fields_of_the_system_are_those_of_the_event() -> None:
    [row] = rows("fields @timestamp, @message, @logStream, @log, @ingestionTime, @ptr", "text")
    expected = {
        "@timestamp": "2026-11-30 12:00:00.000",
        "@message": "text",
        "@logStream": "events",
        "@log": f"{ACCOUNT}:decisions",
        "@ingestionTime": "2026-11-30 12:00:00.005",
    }
    assert expected == row


def test_without_fields_the_time_and_the_message_are_shown() -> None:
    assert [{"@timestamp": "2026-11-30 12:00:00.000", "@message": "a"}] == rows("limit 1", "a", "b")


@pytest.mark.parametrize(
    ("message", "name", "expected"),
    [
        ({"userIdentity": {"type": "IAMUser"}}, "userIdentity.type", "IAMUser"),
        ({"set": {"items": [{"id": "i-1"}, {"id": "i-2"}]}}, "set.items.1.id", "i-2"),
        ({"resources": ["arn:a", "arn:b"]}, "resources.0", "arn:a"),
        ({"@example.com": "x"}, "@@example.com", "x"),
        ({"foo-bar": "x"}, "`foo-bar`", "x"),
        ({"number": 0.10}, "number", "0.1"),
        ({"large": 12345678901234567890}, "large", "12345678901234567890"),
        ({"yes": True, "no": False}, "yes", "1"),
        ({"nothing": None}, "nothing", None),
        ({"object": {"a": 1}}, "object", None),
        ('text {"a": 1}', "a", None),
        ('{"a": 1} text', "a", None),
    ],
    ids=str,
)
def test_fields_of_json_are_discovered_with_dots(
    message: Any, name: str, expected: str | None
) -> None:
    assert [expected] == values(f"fields {name}", name.strip("`"), message)


def test_in_logs_of_lambda_the_first_json_fragment_is_discovered() -> None:
    message = '[INFO] {"a": 1} {"a": 2}'
    assert ["1"] == values("fields a", "a", message, group="/aws/lambda/function")


def test_at_most_200_fields_of_an_event_are_discovered() -> None:
    message = {f"f{n}": n for n in range(201)}
    [row] = rows("fields f199, f200", message)
    assert {"f199": "199"} == row


def test_display_may_follow_a_limit() -> None:
    assert [{"a": "1"}] == rows("sort @timestamp desc | limit 25 | display a", {"a": 1, "b": 2})


def test_fields_add_columns_and_the_last_display_replaces_them() -> None:
    assert [["a", "b"]] == [list(row) for row in rows("fields a | fields b", {"a": 1, "b": 2})]
    assert [["b"]] == [
        list(row) for row in rows("fields a | display a | display b", {"a": 1, "b": 2})
    ]


def test_alias_is_a_field_of_its_own() -> None:
    query = (
        "fields detail.verdict as verdict, ispresent(detail.error) as failed "
        '| filter verdict = "FAILED" and failed = 1'
    )
    assert [{"verdict": "FAILED", "failed": "1"}] * 2 == rows(query)


def test_row_lacks_the_columns_of_missing_fields() -> None:
    assert [{}] == rows("fields a", {"b": 1})


def test_pointer_is_in_every_row_of_events_and_in_none_of_stats() -> None:
    assert [("a", "1"), ("@ptr", "ptr-0")] == run(
        parse("fields a"), events({"a": 1}), ACCOUNT
    ).rows[0]
    assert [("count(*)", "1")] == run(parse("stats count(*)"), events({"a": 1}), ACCOUNT).rows[0]


# --------------------------------------------------------------------------------- filter


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("n > 9", ["10"]),
        ("n >= 10", ["10"]),
        ("n < 10", ["9"]),
        ("n <= 9", ["9"]),
        ("n = 10.0", ["10"]),
        ("n = '10'", ["10"]),
        ("n != 9", ["10"]),
        ("(n > 9)", ["10"]),
        ("not n > 9", ["9", None]),
        ("n = 9 or n = 10", ["9", "10"]),
        ("n = 9 or n = 10 and s = 'x'", ["9"]),
        ("(n = 9 or n = 10) and s = 'x'", []),
        ("not n = 9 and not n = 10", [None]),
        ("n in [9, 11]", ["9"]),
        ('n not in ["9"]', ["10", None]),
        ("ispresent(n)", ["9", "10"]),
        ("not ispresent(n)", [None]),
        ("s like 'xcep'", ["9"]),
        ("s like 'XCEP'", []),
        ("s like /(?i)XCEP/", ["9"]),
        ("s =~ /^E.*n$/", ["9"]),
        ("s like /a\\/b/", ["10"]),
        ("s not like /xcep/", ["10", None]),
        ("s like 'E.c'", []),
        ('s = "a/b" # | limit 0\n', ["10"]),
    ],
)
def test_filter_keeps_events_for_which_its_condition_holds(
    condition: str, expected: list[str | None]
) -> None:
    messages = ({"n": 9, "s": "Exception"}, {"n": 10, "s": "a/b"}, {"other": 1})
    assert expected == values(f"filter {condition} | fields n", "n", *messages)


def test_words_of_the_language_are_read_in_capitals_too() -> None:
    assert ["3"] == values(
        "FILTER detail.score > 0 | STATS count(*) AS n | SORT n DESC | LIMIT 1", "n"
    )


# ---------------------------------------------------------------------- stats, sort, limit


def test_stats_groups_by_fields_and_omits_missing_columns() -> None:
    query = """
        stats count(*) as images, avg(detail.score) as mean, min(detail.score),
            latest(detail.cause) as cause
        by detail.verdict
    """
    expected = [
        {"detail.verdict": "REJECT", "images": "3", "mean": "0.6033", "min(detail.score)": "0.5"},
        {"detail.verdict": "FAILED", "images": "2", "cause": "Too many"},
    ]
    assert expected == rows(query)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("count()", "5"),
        ("count(*)", "5"),
        ("count(detail.score)", "3"),
        ("sum(detail.time_ms)", "1644"),
        ("avg(detail.time_ms)", "548"),
        ("min(detail.time_ms)", "99"),
        ("max(detail.time_ms)", "1300"),
        ("max(detail.class)", "truck"),
        ("earliest(detail.verdict)", "REJECT"),
        ("latest(detail.verdict)", "FAILED"),
        ("latest(detail.class)", None),  # the latest event has no class
        ("avg(detail.class)", None),
    ],
)
def test_function_of_stats(function: str, expected: str | None) -> None:
    assert [expected] == values(f"stats {function} as found", "found")


def test_latest_of_one_time_is_the_last_written_event() -> None:
    written = [
        Event("ptr", "decisions", "events", json.dumps({"a": n}), NOON, NOON) for n in (1, 2)
    ]
    query = parse("stats latest(a) as last, earliest(a) as first")
    assert [("last", "2"), ("first", "1")] == run(query, written, ACCOUNT).rows[0]


def test_bin_groups_by_the_start_of_its_period() -> None:
    query = "stats count(*) as n by bin(2m) | sort `bin(2m)` desc"
    expected = [
        ("2026-11-30 12:04:00.000", "1"),
        ("2026-11-30 12:02:00.000", "2"),
        ("2026-11-30 12:00:00.000", "2"),
    ]
    assert expected == [(row["bin(2m)"], row["n"]) for row in rows(query)]


def test_rows_of_stats_are_filtered_sorted_and_cut() -> None:
    query = (
        "stats count(*) as n by detail.class as class "
        "| filter ispresent(class) | sort n desc, class | limit 1"
    )
    assert [{"class": "truck", "n": "2"}] == rows(query)


def test_sort_is_by_any_field_also_one_that_is_not_shown() -> None:
    assert ["0.7", "0.61", "0.5", None, None] == values(
        "fields detail.score | sort detail.time_ms desc, @timestamp", "detail.score"
    )


def test_sort_is_the_natural_one_of_the_user_guide() -> None:
    ascending = [
        "!:",
        "#",
        "*%04",
        "0#",
        "5A",
        "111A",
        "2345_",
        "@",
        "@_",
        "A",
        "A9876fghj",
        "a12345hfh",
    ]
    ascending += ["0", "01", "1", "2", "3"]
    descending = ascending[::-1]
    assert ascending == sorted(descending, key=sort_key)
    assert descending == sorted(ascending, key=sort_key, reverse=True)


def test_parts_of_digits_are_sorted_by_their_length_first() -> None:
    assert ["a12", "a007"] == sorted(["a007", "a12"], key=sort_key)


def test_limit_of_a_request_and_of_a_query_both_hold() -> None:
    events_of_three = events("a", "b", "c")
    counts = [
        len(run(parse(query), events_of_three, ACCOUNT, limit).rows)
        for query, limit in (
            ("limit 2", None),
            ("limit 2", 1),
            ("limit 1", 2),
            ("fields @message", 2),
        )
    ]
    assert [2, 1, 1, 2] == counts


def test_events_that_match_are_counted_before_stats_and_limit() -> None:
    result = run(
        parse("filter ispresent(detail.error) | stats count(*) | limit 1"),
        events(*DECISIONS),
        ACCOUNT,
    )
    assert 2 == result.matched
    assert 5 == result.scanned


# ------------------------------------------------------------------------------- Refusals


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("parse @message '*' as a", "the command parse"),
        ("SOURCE 'a' | limit 1", "the command SOURCE"),
        ("fields a | dedup a", "the command dedup"),
        ("fields strlen(a)", "the function strlen"),
        ("filter isempty(a)", "the function isempty"),
        ("stats pct(a, 95)", "'pct' in stats"),
        ("stats count_distinct(a)", "'count_distinct' in stats"),
        ("stats count(*) by bin(1w)", "the period 1w"),
        ("stats count(*) | stats max(n)", "a second stats"),
        ("stats count(*) as n | fields n", "fields after stats"),
        ("limit any 1", "limit any"),
        ("limit 2 | stats count(*)", "stats after limit"),
        ("fields a - b", "arithmetic (-"),
        ("fields foo-bar", "arithmetic (-"),
        ("fields a/b", "arithmetic (/"),
        ("filter a + 1 > 2", "arithmetic (+"),
        ("fields @duration", "the field @duration"),
        ("filter @timestamp > 1", "comparisons with @timestamp"),
        ("filter 1 < @timestamp", "comparisons with @timestamp"),
        ("filter a = true", "the constant true"),
        ("filter a like /(?<name>x)/", "the regular expression"),
    ],
)
def test_part_that_is_not_emulated_is_refused(query: str, part: str) -> None:
    with pytest.raises(MalformedQueryError) as failed:
        parse(query)
    assert f"The local cloud does not emulate {part}" in str(failed.value)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "'' is not a command"),
        ("select a", "'select' is not a command"),
        ("fields a |", "'' is not a command"),
        ("fields a b", "Expected '|', found 'b'"),
        ("fields", "Expected a field, found the end"),
        ("fields 'a'", "Expected a field, found \"'a'\""),
        ("filter a", "Expected a comparison, found the end"),
        ("filter a not = 1", "Expected 'like' or 'in', found '='"),
        ("filter a in 1", "Expected '[', found '1'"),
        ("filter a in [b]", "Expected a text or a number, found 'b'"),
        ("filter a like b", "Expected a text in quotes or a /regular expression/, found 'b'"),
        ("filter (a = 1", "Expected ')', found the end"),
        ("filter a = 'x", 'Expected a field, found "\'"'),
        ("sort 1", "Expected the name of a field, found '1'"),
        ("limit 0", "Expected a whole number from 1 to 100,000, found '0'"),
        ("limit 100001", "found '100001'"),
        ("limit 1.5", "found '1.5'"),
        ("stats count(*) by bin(m)", "Expected a period, as 5m or 1h, found 'm'"),
        ("stats count(*) by bin(0m)", "found '0m'"),
    ],
)
def test_invalid_query_is_refused(query: str, sentence: str) -> None:
    with pytest.raises(MalformedQueryError) as failed:
        parse(query)
    assert sentence in str(failed.value)


def test_refusal_has_the_position() -> None:
    with pytest.raises(MalformedQueryError) as failed:
        parse("fields a | parse b")
    assert "parse" == "fields a | parse b"[failed.value.start : failed.value.end]
