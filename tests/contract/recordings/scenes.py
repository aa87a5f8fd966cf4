"""Record the input of the workflows' states: a scene is a moment of a state.

A scene holds for every expression of its states that is evaluated at its moment: on entry
(arguments, conditions, what choices and passing states assign), for an item of a map, on a result,
or on an error.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.contract.recordings.samples import (
    ACCEPTED,
    ASSIGNED,
    CONTEXT,
    DIRECT,
    EMBEDDING,
    ENDS,
    ERRORS,
    EXECUTION,
    FAILED,
    FAILURE,
    FAILURES,
    IMAGE_HASH,
    INPUTS,
    ITEM_OF_ACCEPTED,
    ITEMS,
    LISTED,
    MESSAGES,
    MILLIS,
    MODEL,
    NAMED,
    OBJECT,
    OF_CARD,
    OF_FUNCTIONS,
    OTHER_EXECUTION,
    PROBABILITIES,
    REQUESTS_OF_BACKLOGS,
    REVIEW,
    S3_ERRORS,
    STORED,
    UNREADABLE,
    UNVERSIONED,
    URL,
    VERSION,
    VERSIONED,
    function_error,
)

ENTRY, ITEM, RESULT, ERROR = "entry", "item", "result", "error"
IMAGE, RECORD_FAILURE, BACKLOG = "image_classification", "record_failure", "backlog"
WAITING_AGE, TAG_VERSION = "waiting_age", "tag_version"
# Variables of an image that is worked on, and of an execution that failed.
WORKED_ON: dict[str, Any] = {
    "execution": EXECUTION,
    "started_at": MILLIS - 245,
    "failed_with": None,
    "outcome": "FAILED",
    "may_replace": "attribute_not_exists(outcome)",
}
DETAILS = ("processing_time_ms", "confidence_threshold")  # of errors: recorded if they are known
RECORDED = {**WORKED_ON, "execution": OTHER_EXECUTION, "failed_with": "States.Timeout"}


@dataclass(frozen=True)
class Scene:
    """A moment of some states of a workflow. `values` is what $states holds besides the context.

    `conditions` is the number of conditions that a Choice evaluates until one holds; None for all.
    """

    title: str
    workflow: str
    states: tuple[str, ...]
    moment: str
    values: dict[str, Any]
    variables: dict[str, Any] = field(default_factory=dict)
    item: Any = None
    retry_count: int = 0
    conditions: int | None = None

    def bindings(self) -> dict[str, Any]:
        """Return the variables of the scene and $states."""
        state = {"Name": self.states[0], "RetryCount": self.retry_count}
        context = {**CONTEXT, "State": state}
        if self.moment == ITEM:
            context["Map"] = {"Item": {"Index": 0, "Value": self.item}}
        return {**self.variables, "states": {**self.values, "context": context}}


FINDING = ("Find version", "Find version again")
WORK = ("Serialize image", "Classify image", "Filter inferences")


def scenes() -> Iterator[Scene]:
    """Yield all scenes. Their titles are unique."""
    yield from _of_one_image()
    yield from _of_failures()
    yield from _of_backlogs()
    yield from _of_waiting_images()
    yield from _of_tags()


def _of_one_image() -> Iterator[Scene]:
    for title, found in INPUTS.items():
        readers = ("Read input", "Invalid image URL", "Invalid threshold")
        refused = {"problem": "The key must begin with uploads/."}
        yield Scene(f"{title} starts", IMAGE, readers, ENTRY, {"input": found}, refused)

    yield from _of_validation()
    yield from _of_finding()
    yield from _of_store_errors()
    missing = {"input": function_error("S3.NoSuchKeyException", "The key does not exist.")}
    yield Scene("no image of this name", IMAGE, ("No such image",), ENTRY, missing, NAMED)
    yield Scene("no image of this version", IMAGE, ("No such image",), ENTRY, missing, VERSIONED)

    for title, variables in {"a version": VERSIONED, "an etag": UNVERSIONED}.items():
        found = {"input": DIRECT}
        records = ("Open record", "Read record")
        worked_on = {**variables, **WORKED_ON}
        yield Scene(f"{title} is opened", IMAGE, records, ENTRY, found, worked_on)
        values = {**found, "result": {}}
        yield Scene(f"{title} was opened", IMAGE, records[:1], RESULT, values, worked_on)
        yield Scene(
            f"{title} is serialized",
            IMAGE,
            ("Serialize image",),
            ENTRY,
            found,
            variables,
            retry_count=2,
        )

    yield from _of_work()
    for title, error in OF_FUNCTIONS.items():
        yield Scene(
            f"{title} is caught",
            IMAGE,
            WORK,
            ERROR,
            {"input": DIRECT, "errorOutput": error},
            VERSIONED,
        )

    for title, error in {**OF_FUNCTIONS, **ERRORS}.items():
        found = {"input": error}
        variables = {**OF_CARD, **WORKED_ON}
        yield Scene(f"{title} is explained", IMAGE, ("Explain error",), ENTRY, found, variables)
    for outcome in ("FAILED", "UNREADABLE"):
        variables = {**VERSIONED, **WORKED_ON, "outcome": outcome}
        title = f"an image that ends as {outcome} is explained"
        error = next(iter(OF_FUNCTIONS.values()))
        yield Scene(title, IMAGE, ("Explain error",), ENTRY, {"input": error}, variables)
    variables = {**OF_CARD, **RECORDED}
    title = "a failed execution is explained"
    yield Scene(title, IMAGE, ("Explain error",), ENTRY, {"input": FAILURE}, variables)

    yield from _of_records()


def _of_records() -> Iterator[Scene]:
    for title, result in {"accepted": ACCEPTED, "for review": REVIEW}.items():
        states = ("Record prediction", "Announce outcome", "Failed?")
        variables = {**VERSIONED, **MODEL, **WORKED_ON, "result": result}
        waits = {"waits_for": {"S": "REVIEW"}} if title == "for review" else {}
        known = {"embedding": {"S": EMBEDDING}} if title == "accepted" else {}
        built = {"record": ITEM_OF_ACCEPTED, "waits": waits, "embedding": known}
        yield Scene(f"{title} is recorded", IMAGE, states, ENTRY, {"input": built}, variables)
        values = {"input": result, "result": {"FailedEntryCount": 0}}
        yield Scene(f"{title} was recorded", IMAGE, states, RESULT, values, variables)

    without_duration = {name: FAILED[name] for name in FAILED if name != "processing_time_ms"}
    errors: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "failed": (WORKED_ON, FAILED),
        "unreadable": (WORKED_ON, UNREADABLE),
        "failure of another": (RECORDED, without_duration),
    }
    for title, (role, result) in errors.items():
        on_error = ("Record error", "Announce outcome", "Announce failure", "Failed?", "Failed")
        details = {name: result[name] for name in DETAILS if name in result}
        variables = {**VERSIONED, **role, "result": result, "details": details}
        yield Scene(f"{title} is recorded", IMAGE, on_error, ENTRY, {"input": {}}, variables)
        values = {"input": {}, "result": {"FailedEntryCount": 0}}
        yield Scene(f"{title} was recorded", IMAGE, on_error, RESULT, values, variables)

    for title, item in ITEMS.items():
        values = {"input": {}, "result": {"Item": item}}
        yield Scene(f"{title} was there before", IMAGE, ("Read record",), RESULT, values, VERSIONED)

    for title, recorded in {"failed": FAILED, "accepted": ACCEPTED}.items():
        for role in (WORKED_ON, RECORDED, {**RECORDED, "failed_with": FAILED["error"]}):
            for execution in (EXECUTION, OTHER_EXECUTION):
                found = {**recorded, "execution": execution}
                whose = "another" if execution == OTHER_EXECUTION else "the first"
                yield Scene(
                    f"{role['failed_with']} after {title} by {whose} execution",
                    IMAGE,
                    ("Announced?",),
                    ENTRY,
                    {"input": found},
                    {**VERSIONED, **role},
                )


def _of_work() -> Iterator[Scene]:
    payload = {"image_data": "aW1hZ2U=", "content_type": "image/png", "image_hash": IMAGE_HASH}
    values = {"input": DIRECT, "result": {"Payload": payload, "StatusCode": 200}}
    yield Scene("an image was serialized", IMAGE, ("Serialize image",), RESULT, values, VERSIONED)
    values = {"input": payload}
    yield Scene("an image is classified", IMAGE, ("Classify image",), ENTRY, values, VERSIONED)

    cards = {"no class": [], "a class": ["other"], "two classes": ["other", "unknown"]}
    for title, classes in cards.items():
        answer = {**MODEL, "review_classes": classes, "recommended_threshold": 0.6}
        for variables in (VERSIONED, OF_CARD):
            threshold = variables["confidence_threshold"]
            values = {"input": payload, "result": {"Payload": answer}}
            yield Scene(
                f"a model with {title} for review, threshold {threshold}",
                IMAGE,
                ("Classify image",),
                RESULT,
                values,
                variables,
            )
        entered = {
            "class_probabilities": PROBABILITIES,
            "confidence_threshold": 0.8,
            "review_classes": classes,
        }
        values = {"input": entered}
        yield Scene(
            f"a decision with {title} for review",
            IMAGE,
            ("Filter inferences",),
            ENTRY,
            values,
            VERSIONED,
        )

    for passed, score, waits_for in (
        (True, 0.92, None),
        (True, 0.9, "AUDIT"),
        (False, 0.5, "REVIEW"),
    ):
        decision = {
            "classification": "truck",
            "confidence_score": score,
            "passed_threshold": passed,
            "audit": {"drawn": waits_for == "AUDIT", "probability": 0.01},
            "waits_for": waits_for,
        }
        values = {"input": entered, "result": {"Payload": decision}}
        variables = {**VERSIONED, **MODEL, **WORKED_ON, "image_hash": IMAGE_HASH}
        yield Scene(f"a score of {score}", IMAGE, ("Filter inferences",), RESULT, values, variables)
    title = "a model without embeddings"
    without = {**variables, "embedding": None}
    yield Scene(title, IMAGE, ("Filter inferences",), RESULT, values, without)


def _of_validation() -> Iterator[Scene]:
    for title, (variables, conditions) in ASSIGNED.items():
        yield Scene(
            f"{title} is validated",
            IMAGE,
            ("Valid input?",),
            ENTRY,
            {"input": DIRECT},
            variables,
            conditions=conditions,
        )
    for title, (failure, conditions) in FAILURES.items():
        yield Scene(
            f"{title} is validated",
            IMAGE,
            ("Valid input?",),
            ENTRY,
            {"input": {**DIRECT, "failure": failure}},
            VERSIONED,
            conditions=conditions,
        )


def _of_finding() -> Iterator[Scene]:
    for title, stored in STORED.items():
        values = {"input": DIRECT, "result": stored}
        yield Scene(f"{title} was found", IMAGE, FINDING, RESULT, values, NAMED)

    for title, variables in {"a name": NAMED, "a version": VERSIONED}.items():
        values = {"input": DIRECT}
        yield Scene(f"{title} is sought", IMAGE, FINDING, ENTRY, values, variables)


def _of_store_errors() -> Iterator[Scene]:
    for title, cause in S3_ERRORS.items():
        error = {"Error": "S3.S3Exception", "Cause": cause}
        values = {"input": DIRECT, "errorOutput": error}
        yield Scene(f"{title} is caught", IMAGE, FINDING[:1], ERROR, values, NAMED)
        for variables in (VERSIONED, NAMED):
            yield Scene(
                f"{title}, asked for {variables['version_id']}",
                IMAGE,
                ("Unknown version?", "No access"),
                ENTRY,
                {"input": DIRECT},
                {**variables, "refusal": cause},
            )


def _of_failures() -> Iterator[Scene]:
    for title, found in MESSAGES.items():
        values = {"input": found}
        yield Scene(f"message of {title}", RECORD_FAILURE, ("Read message",), ENTRY, values)

        event = json.loads(found[0]["body"])
        yield Scene(
            f"event of {title}",
            RECORD_FAILURE,
            ("Which failure?", "Input left out"),
            ENTRY,
            values,
            {"event": event, "attributes": found[0]["messageAttributes"]},
            # The third rule reads the input of an execution, which an upload does not have.
            conditions=3 if isinstance(event["detail"].get("input"), str) else 2,
        )

    for title, request in INPUTS.items():
        states = (
            ("Names an image?", "Record failure")
            if isinstance(request, dict)
            else ("Names an image?",)
        )
        variables = {"request": request, "failure": FAILURE}
        yield Scene(f"{title} failed", RECORD_FAILURE, states, ENTRY, {"input": []}, variables)

    for title, answer in ENDS.items():
        states = ("Recorded?", "Not recorded")
        yield Scene(f"the recording {title}", RECORD_FAILURE, states, ENTRY, {"input": answer})


def _of_backlogs() -> Iterator[Scene]:
    limits = {"max_concurrency": 20, "tolerated_failure_percentage": 5, "confidence_threshold": 0.8}
    for title, request in REQUESTS_OF_BACKLOGS.items():
        outer = (
            "Read request",
            "List or prefix?",
            "Classify list",
            "Classify prefix",
            "Invalid backlog",
        )
        yield Scene(f"a backlog of {title}", BACKLOG, outer, ENTRY, {"input": request}, limits)

    for title, line in LISTED.items():
        listing = {"input": {"list": "backlog/images.csv"}}
        yield Scene(title, BACKLOG, ("Classify list",), ITEM, listing, limits, line)
    yield Scene(
        "an object",
        BACKLOG,
        ("Classify prefix",),
        ITEM,
        {"input": {"prefix": "archive/"}},
        limits,
        OBJECT,
    )

    states = ("Classify listed image", "Classify stored image")
    started = {"image_url": URL, "version_id": None, "confidence_threshold": 0.8}
    yield Scene("an image of a backlog starts", BACKLOG, states, ENTRY, {"input": started})
    for outcome in ("ACCEPTED", "REVIEW"):
        output = {"image_url": URL, "version": VERSION, "outcome": outcome, "confidence_score": 0.9}
        values = {"input": started, "result": {"Status": "SUCCEEDED", "Output": output}}
        yield Scene(f"an image of a backlog ended as {outcome}", BACKLOG, states, RESULT, values)


def _of_waiting_images() -> Iterator[Scene]:
    finders = ("Find oldest review", "Find oldest audit", "Find oldest second opinion")
    results = {"no image": [], "an image": [{"recorded_at": {"S": "2026-01-08T09:30:02.000Z"}}]}
    for title, items in results.items():
        values = {"input": {}, "result": {"Items": items, "Count": len(items)}}
        yield Scene(f"{title} waits", WAITING_AGE, finders, RESULT, values)

    ages = {
        "nothing": ([], [], []),
        "a review": (["2026-01-08T09:30:02.000Z"], [], []),
        "an older audit": (["2026-01-08T09:30:02.000Z"], ["2026-01-01T09:30:02.000Z"], []),
        "three": (
            ["2026-01-08T09:30:02.000Z"],
            ["2026-01-14T09:30:02.000Z"],
            ["2026-01-12T21:30:02.000Z"],
        ),
    }
    for title, (reviews, audits, opinions) in ages.items():
        variables = {"reviews": reviews, "audits": audits, "second_opinions": opinions}
        values = {"input": {}}
        states = ("Publish age",)
        yield Scene(f"the age of {title}", WAITING_AGE, states, ENTRY, values, variables)


NAMED_VERSION = {"image_url": URL, "key": NAMED["key"], "version": VERSION}
OUR_TAG = {"Key": "review-state", "Value": "decided"}
THEIR_TAG = {"Key": "owner", "Value": "anne"}
TEN_TAGS = [{"Key": str(number), "Value": ""} for number in range(10)]


def _of_tags() -> Iterator[Scene]:
    for title, detail in {"a decision": ACCEPTED, "an error": UNREADABLE}.items():
        values = {"input": {"detail": detail}}
        yield Scene(f"{title} comes", TAG_VERSION, ("Read event",), ENTRY, values)

    yield from _of_tagged_records()
    yield from _of_tag_sets()
    for title, cause in S3_ERRORS.items():
        error = {"Error": "S3.S3Exception", "Cause": cause}
        values = {"input": {}, "errorOutput": error}
        yield Scene(f"{title} is caught for tags", TAG_VERSION, ("Read tags",), ERROR, values)
        variables = {**NAMED_VERSION, "refusal": cause}
        states = ("Unknown version?",)
        yield Scene(f"{title} of tags", TAG_VERSION, states, ENTRY, {"input": {}}, variables)


def _of_tagged_records() -> Iterator[Scene]:
    waits = {"waits_for": {"S": "REVIEW"}}
    review = {**ITEM_OF_ACCEPTED, "outcome": {"S": "REVIEW"}}
    items: dict[str, dict[str, Any]] = {
        "an accepted image": ITEM_OF_ACCEPTED,
        "a drawn image": {**ITEM_OF_ACCEPTED, "waits_for": {"S": "AUDIT"}},
        "a reviewed image": {**review, "review_revision": {"N": "1"}},
        "an undone review": {**review, **waits, "review_revision": {"N": "2"}},
        "a failed image": {**ITEM_OF_ACCEPTED, "outcome": {"S": "FAILED"}},
        "an image that is open": {"image_url": {"S": URL}, "version": {"S": VERSION}},
    }
    states = ("Read record",)
    entered: dict[str, Any] = {"input": {}}
    yield Scene("a record is asked for", TAG_VERSION, states, ENTRY, entered, NAMED_VERSION)
    for title, item in items.items():
        values = {**entered, "result": {"Item": item}}
        yield Scene(f"{title} is found", TAG_VERSION, states, RESULT, values)
    yield Scene("no record is found", TAG_VERSION, states, RESULT, {**entered, "result": {}})


def _of_tag_sets() -> Iterator[Scene]:
    sets: dict[str, list[dict[str, str]]] = {
        "no tags": [],
        "our tag": [OUR_TAG],
        "a tag of a user": [THEIR_TAG],
        "two tags": [THEIR_TAG, OUR_TAG],
        "another value": [{**OUR_TAG, "Value": "mine"}, THEIR_TAG],
        "ten tags": TEN_TAGS,
    }
    for title, tags in sets.items():
        values = {"input": {}, "result": {"TagSet": tags, "VersionId": VERSION}}
        readers = ("Read tags", "Read tags again")
        yield Scene(f"{title} were found", TAG_VERSION, readers, RESULT, values)

    choices = ("Decided or answered?", "Change tags?", "Answered?")
    states = (*choices, "Read tags", "Read tags again", "Write tags", "Too many tags")
    for decided in (True, False):
        for tagged in (True, False):
            for others in ([], [THEIR_TAG], TEN_TAGS):
                found = {"decided": decided, "answered": tagged, "tagged": tagged, "others": others}
                title = f"decided {decided}, tagged {tagged}, {len(others)} others"
                yield Scene(
                    title, TAG_VERSION, states, ENTRY, {"input": {}}, {**NAMED_VERSION, **found}
                )
