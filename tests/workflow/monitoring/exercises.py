"""One exercise for each alarm, with its name: it creates the alarm's condition, and ends it.

An exercise yields the expected states of the alarm: OK, ALARM, OK. Conditions are real, except that
errors and latency of the endpoint are published as metrics instead of training a bad model.
"""

from collections.abc import Callable, Iterator

from tests.workflow.monitoring.rehearsal import DAY, HOUR, MINUTE, Rehearsal

type Exercise = Callable[[Rehearsal], Iterator[str]]


def failed_executions(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"
    rehearsal.start_in_vain()
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def dead_letter_queue_depth(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"
    with rehearsal.message_in("FailureDeadLetterQueue"):
        yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def dead_letter_queue_age(rehearsal: Rehearsal) -> Iterator[str]:
    with rehearsal.message_in("FailureDeadLetterQueue"):
        yield "OK"
        rehearsal.later(DAY + HOUR)
        yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def failure_queue_age(rehearsal: Rehearsal) -> Iterator[str]:
    with rehearsal.pipe_stopped(), rehearsal.message_in("FailureQueue"):
        yield "OK"
        rehearsal.later(16 * MINUTE)
        yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def upload_events_undelivered(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"
    with (
        rehearsal.pipe_stopped(),
        rehearsal.emptied("FailureQueue"),
        rehearsal.service.rule_without_permission(),
    ):
        rehearsal.upload_and_forget()
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def upload_events_lost(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"
    with rehearsal.service.rule_without_permission(), rehearsal.queue_closed("FailureQueue"):
        rehearsal.upload_and_forget()
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def failure_events_undelivered(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"
    with rehearsal.emptied("FailureDeadLetterQueue"), rehearsal.queue_closed("FailureQueue"):
        rehearsal.start_in_vain()
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def failure_events_lost(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"
    with rehearsal.queue_closed("FailureQueue"), rehearsal.queue_closed("FailureDeadLetterQueue"):
        rehearsal.start_in_vain()
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def decision_events_undelivered(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"
    with rehearsal.emptied("DecisionDeadLetterQueue"), rehearsal.log_moved():
        rehearsal.decide()
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def decision_events_lost(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"
    with rehearsal.queue_closed("DecisionDeadLetterQueue"), rehearsal.log_moved():
        rehearsal.decide()
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def tag_events_undelivered(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"
    with (
        rehearsal.emptied("ReviewDeadLetterQueue"),
        rehearsal.service.rule_without_permission("TagRuleRole"),
    ):
        rehearsal.decide()
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def tag_events_lost(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"
    with (
        rehearsal.queue_closed("ReviewDeadLetterQueue"),
        rehearsal.service.rule_without_permission("TagRuleRole"),
    ):
        rehearsal.decide()
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def versions_untagged(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"
    rehearsal.decide_with_ten_tags()
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def endpoint_errors(rehearsal: Rehearsal) -> Iterator[str]:
    rehearsal.measure("Invocation5XXErrors", [0] * 20, "None")
    yield "OK"
    rehearsal.measure("Invocation5XXErrors", [1, 1], "None")
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    rehearsal.measure("Invocation5XXErrors", [0] * 20, "None")
    yield "OK"


def endpoint_latency(rehearsal: Rehearsal) -> Iterator[str]:
    rehearsal.measure("ModelLatency", [40_000] * 18, "Microseconds")
    yield "OK"
    rehearsal.measure("ModelLatency", [3_000_000] * 2, "Microseconds")
    yield "ALARM"
    rehearsal.later(6 * MINUTE)
    rehearsal.measure("ModelLatency", [40_000], "Microseconds")
    yield "OK"


def classify_throttles(rehearsal: Rehearsal) -> Iterator[str]:
    yield from _throttles(rehearsal, "classify-image")


def serialize_throttles(rehearsal: Rehearsal) -> Iterator[str]:
    yield from _throttles(rehearsal, "serialize-image")


def _throttles(rehearsal: Rehearsal, function: str) -> Iterator[str]:
    with rehearsal.without_concurrency(function):
        for _ in range(2):
            rehearsal.throttle(function)
            rehearsal.later(5 * MINUTE)
        yield "OK"  # ten minutes may be a crowd
        rehearsal.throttle(function)
        yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


def review_share(rehearsal: Rehearsal) -> Iterator[str]:
    for _ in range(2):
        rehearsal.decide(threshold=1)
        rehearsal.later(HOUR)
    yield "OK"  # two hours may be chance
    rehearsal.decide(threshold=1)
    yield "ALARM"
    rehearsal.decide()
    yield "OK"


def drift(rehearsal: Rehearsal) -> Iterator[str]:
    rehearsal.compare(drifted=False)
    yield "OK"
    rehearsal.compare(drifted=True)
    yield "ALARM"
    rehearsal.later(DAY + HOUR)
    yield "OK"


def waiting_age(rehearsal: Rehearsal) -> Iterator[str]:
    rehearsal.measure_age()
    yield "OK"
    with rehearsal.waiting_for(8 * DAY):
        rehearsal.measure_age()
        yield "ALARM"
    rehearsal.later(16 * MINUTE)
    rehearsal.measure_age()
    yield "OK"


def silence(rehearsal: Rehearsal, seconds: float) -> Iterator[str]:
    rehearsal.decide()
    yield "OK"
    rehearsal.later(seconds)
    yield "ALARM"
    rehearsal.decide()
    yield "OK"


def no_images_decided(rehearsal: Rehearsal) -> Iterator[str]:
    return silence(rehearsal, 25 * HOUR)


def work_arrives(rehearsal: Rehearsal) -> Iterator[str]:
    rehearsal.start_in_vain()
    yield "OK"  # one quarter of an hour may be a single image
    rehearsal.later(15 * MINUTE)
    rehearsal.start_in_vain()
    yield "ALARM"
    rehearsal.later(HOUR)
    yield "OK"


def nothing_decided_for_an_hour(rehearsal: Rehearsal) -> Iterator[str]:
    return silence(rehearsal, 61 * MINUTE)


def images_unaccounted_for(rehearsal: Rehearsal) -> Iterator[str]:
    yield "OK"  # nothing is decided, and nothing arrives
    rehearsal.start_in_vain()
    rehearsal.later(15 * MINUTE)
    rehearsal.start_in_vain()
    yield "ALARM"
    rehearsal.decide()
    yield "OK"
    with rehearsal.message_in("FailureDeadLetterQueue"):
        yield "ALARM"
    rehearsal.later(6 * MINUTE)
    yield "OK"


EXERCISES: dict[str, Exercise] = {
    exercise.__name__.replace("_", "-"): exercise
    for exercise in (
        failed_executions,
        dead_letter_queue_depth,
        dead_letter_queue_age,
        failure_queue_age,
        upload_events_undelivered,
        upload_events_lost,
        failure_events_undelivered,
        failure_events_lost,
        decision_events_undelivered,
        decision_events_lost,
        tag_events_undelivered,
        tag_events_lost,
        versions_untagged,
        endpoint_errors,
        endpoint_latency,
        classify_throttles,
        serialize_throttles,
        review_share,
        drift,
        waiting_age,
        no_images_decided,
        work_arrives,
        nothing_decided_for_an_hour,
        images_unaccounted_for,
    )
}
