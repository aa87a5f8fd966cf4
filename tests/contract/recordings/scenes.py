"""What the states of the workflows see: a scene is a moment of a state.

A scene holds for every expression of its states that is evaluated at its moment: on entry
(arguments, conditions, what choices and passing states assign), for an item of a map, on a result,
or on an error.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.contract.recordings.samples import (
    ACCEPTED,
    ASSIGNED,
    CONTEXT,
    DIRECT,
    ERRORS,
    EXECUTION,
    FAILED,
    INPUTS,
    ITEMS,
    LISTED,
    MESSAGES,
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
    UPLOAD,
    URL,
    VERSION,
    VERSIONED,
    function_error,
)

ENTRY, ITEM, RESULT, ERROR = "entry", "item", "result", "error"
IMAGE, FAILURE, BACKLOG = "image_classification", "record_failure", "backlog"


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


def _of_one_image() -> Iterator[Scene]:
    for title, found in INPUTS.items():
        readers = ("Read input", "Invalid image URL", "Invalid threshold")
        yield Scene(f"{title} starts", IMAGE, readers, ENTRY, {"input": found})

    yield from _of_validation(IMAGE)
    yield from _of_finding(IMAGE)
    yield from _of_store_errors(IMAGE)
    missing = {"input": function_error("S3.NoSuchKeyException", "The key does not exist.")}
    yield Scene("no image of this name", IMAGE, ("No such image",), ENTRY, missing, NAMED)
    yield Scene("no image of this version", IMAGE, ("No such image",), ENTRY, missing, VERSIONED)

    for title, variables in {"a version": VERSIONED, "an etag": UNVERSIONED}.items():
        found = {"input": DIRECT}
        records = ("Open record", "Read record")
        yield Scene(f"{title} is opened", IMAGE, records, ENTRY, found, variables)
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
        yield Scene(f"{title} is explained", IMAGE, ("Explain failure",), ENTRY, found, OF_CARD)

    results = {
        "accepted": ACCEPTED,
        "for review": REVIEW,
        "failed": FAILED,
        "unreadable": UNREADABLE,
    }
    for title, result in results.items():
        states = ("Record outcome", "Announce outcome", "Which outcome?", "Failed")
        variables = {**VERSIONED, **MODEL, "result": result}
        yield Scene(f"{title} is recorded", IMAGE, states, ENTRY, {"input": result}, variables)
        values = {"input": result, "result": {"FailedEntryCount": 0}}
        yield Scene(f"{title} was recorded", IMAGE, states, RESULT, values, variables)

    for title, item in ITEMS.items():
        yield Scene(
            f"{title} was decided",
            IMAGE,
            ("Read record",),
            RESULT,
            {"result": {"Item": item}},
            VERSIONED,
        )


def _of_work() -> Iterator[Scene]:
    payload = {"image_data": "aW1hZ2U=", "content_type": "image/png"}
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

    for passed, score in ((True, 0.92), (False, 0.5)):
        decision = {
            "classification": "truck",
            "confidence_score": score,
            "passed_threshold": passed,
        }
        values = {"input": entered, "result": {"Payload": decision}}
        variables = {**VERSIONED, **MODEL}
        yield Scene(f"a score of {score}", IMAGE, ("Filter inferences",), RESULT, values, variables)


def _of_validation(workflow: str) -> Iterator[Scene]:
    for title, (variables, conditions) in ASSIGNED.items():
        yield Scene(
            f"{title} is validated by {workflow}",
            workflow,
            ("Valid input?",),
            ENTRY,
            {"input": DIRECT},
            variables,
            conditions=conditions,
        )


def _of_finding(workflow: str) -> Iterator[Scene]:
    for title, stored in STORED.items():
        values = {"input": DIRECT, "result": stored}
        yield Scene(f"{title} was found by {workflow}", workflow, FINDING, RESULT, values, NAMED)

    for title, variables in {"a name": NAMED, "a version": VERSIONED}.items():
        yield Scene(
            f"{title} is sought by {workflow}",
            workflow,
            FINDING,
            ENTRY,
            {"input": DIRECT},
            variables,
        )


def _of_store_errors(workflow: str) -> Iterator[Scene]:
    for title, cause in S3_ERRORS.items():
        for variables in (VERSIONED, NAMED):
            yield Scene(
                f"{title}, asked for {variables['version_id']} by {workflow}",
                workflow,
                ("Unknown version?", "No access"),
                ENTRY,
                {"input": {"Error": "S3.S3Exception", "Cause": cause}},
                variables,
            )


def _of_failures() -> Iterator[Scene]:
    for title, found in MESSAGES.items():
        yield Scene(f"message of {title}", FAILURE, ("Read message",), ENTRY, {"input": found})

    for title, request in INPUTS.items():
        yield Scene(f"{title} failed", FAILURE, ("Which image?",), ENTRY, {"input": request})

    yield from _of_validation(FAILURE)
    yield from _of_finding(FAILURE)
    yield from _of_store_errors(FAILURE)
    for error in ("States.Timeout", "EndpointTimeoutError"):
        named = {
            "error": error,
            "cause": "The execution ended as TIMED_OUT.",
            "execution": EXECUTION,
        }
        states = ("Record failure", "Read record")
        yield Scene(
            f"{error} is recorded",
            FAILURE,
            states,
            ENTRY,
            {"input": UPLOAD},
            {**VERSIONED, **named},
        )
        values = {"input": UPLOAD, "result": {}}
        variables = {**VERSIONED, **named}
        yield Scene(f"{error} was recorded", FAILURE, states[:1], RESULT, values, variables)

        for title, recorded in {"failed": FAILED, "accepted": ACCEPTED}.items():
            for execution in (EXECUTION, OTHER_EXECUTION):
                variables = {**VERSIONED, **named, "result": {**recorded, "execution": execution}}
                whose = "its own" if execution == EXECUTION else "another"
                yield Scene(
                    f"{error} after {title} by {whose} execution",
                    FAILURE,
                    ("Announced?", "Announce outcome"),
                    ENTRY,
                    {"input": {"outcome": recorded["outcome"]}},
                    variables,
                )

    for title, item in ITEMS.items():
        values = {"input": UPLOAD, "result": {"Item": item}}
        titled = f"{title} was there before"
        yield Scene(titled, FAILURE, ("Read record",), RESULT, values, VERSIONED)
    values = {"input": UPLOAD, "result": {"FailedEntryCount": 0}}
    yield Scene(
        "a failure was announced",
        FAILURE,
        ("Announce outcome",),
        RESULT,
        values,
        {"result": FAILED},
    )


def _of_backlogs() -> Iterator[Scene]:
    limits = {"max_concurrency": 20, "tolerated_failure_percentage": 5, "confidence_threshold": 0.8}
    for title, request in REQUESTS_OF_BACKLOGS.items():
        outer = ("List or prefix?", "Classify list", "Classify prefix", "Invalid backlog")
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
