"""Build items of the reviews table: one for each answer and each undo, never overwritten."""

from collections.abc import Iterable, Mapping
from typing import Any

from review.images import Answer, ImageKey, MachineDecision, Reason, Verdict

INDEX = "AnswersByTime"  # all answers and undos, the oldest first
LOG = "answers"  # the index has one partition: people do not write a thousand answers a second
_UNDO = "#undo"


def answer_key(key: ImageKey, answer_id: str) -> dict[str, Any]:
    """Return the key of an answer's item: the image, then its version and the answer."""
    return {"image_url": {"S": key.image_url}, "answer": {"S": f"{key.version}#{answer_id}"}}


def undo_key(key: ImageKey, answer_id: str) -> dict[str, Any]:
    """Return the key of the item that takes an answer back."""
    return answer_key(key, answer_id + _UNDO)


def answer_item(answer: Answer) -> dict[str, Any]:
    """Return an answer as an item."""
    item = answer_key(answer.key, answer.answer_id) | {
        "log": {"S": LOG},
        "version": {"S": answer.key.version},
        "verdict": {"S": answer.verdict},
        "reviewer": {"S": answer.reviewer},
        "answered_at": {"S": answer.answered_at},
        "reason": {"S": answer.reason},
        "model_digest": {"S": answer.model_digest},
        "seconds": {"N": f"{answer.seconds:.3f}"},
    }
    label = {"class": {"S": answer.label}} if answer.label is not None else {}
    machine = {"machine": _machine_value(answer.machine)} if answer.machine is not None else {}
    asks = {"asks_another": {"BOOL": True}} if answer.asks_another else {}
    return item | label | machine | asks | _probability(answer)


def undo_item(answer: Answer, undone_at: str) -> dict[str, Any]:
    """Return the item that takes an answer back."""
    return undo_key(answer.key, answer.answer_id) | {
        "log": {"S": LOG},
        "version": {"S": answer.key.version},
        "reviewer": {"S": answer.reviewer},
        "answered_at": {"S": undone_at},
    }


def standing_answers(items: Iterable[Mapping[str, Any]]) -> list[Answer]:
    """Return the answers of one image version that nobody took back, the oldest first."""
    by_answer = {item["answer"]["S"]: item for item in items}
    standing = [
        _answer(item)
        for name, item in by_answer.items()
        if not name.endswith(_UNDO) and name + _UNDO not in by_answer
    ]
    return sorted(standing, key=lambda answer: (answer.answered_at, answer.answer_id))


def review_of(answer: Answer, answers: int) -> dict[str, Any]:
    """Return the review that the image's record shows: the answer that stands, of how many."""
    review = {
        "verdict": {"S": answer.verdict},
        "reviewer": {"S": answer.reviewer},
        "reviewed_at": {"S": answer.answered_at},
        "reason": {"S": answer.reason},
        "model_digest": {"S": answer.model_digest},
        "answers": {"N": str(answers)},
    }
    return review | ({"class": {"S": answer.label}} if answer.label is not None else {})


def _answer(item: Mapping[str, Any]) -> Answer:
    version = item["version"]["S"]
    return Answer(
        answer_id=item["answer"]["S"].removeprefix(f"{version}#"),
        key=ImageKey(item["image_url"]["S"], version),
        verdict=Verdict(item["verdict"]["S"]),
        label=item["class"]["S"] if "class" in item else None,
        reviewer=item["reviewer"]["S"],
        answered_at=item["answered_at"]["S"],
        reason=Reason(item["reason"]["S"]),
        model_digest=item["model_digest"]["S"],
        seconds=float(item["seconds"]["N"]),
        machine=_machine_of(item["machine"]["M"]) if "machine" in item else None,
        label_probability=(
            float(item["label_probability"]["N"]) if "label_probability" in item else None
        ),
        asks_another="asks_another" in item,
    )


def _probability(answer: Answer) -> dict[str, Any]:
    if answer.label_probability is None:
        return {}
    return {"label_probability": {"N": str(answer.label_probability)}}


def _machine_value(machine: MachineDecision) -> dict[str, Any]:
    fields = {
        "outcome": {"S": machine.outcome},
        "classification": {"S": machine.classification},
        "confidence_score": {"N": str(machine.confidence)},
        "audit_drawn": {"BOOL": machine.audit_drawn},
        "audit_probability": {"N": str(machine.audit_probability)},
    }
    return {"M": fields}


def _machine_of(fields: Mapping[str, Any]) -> MachineDecision:
    return MachineDecision(
        outcome=fields["outcome"]["S"],
        classification=fields["classification"]["S"],
        confidence=float(fields["confidence_score"]["N"]),
        audit_drawn=fields["audit_drawn"]["BOOL"],
        audit_probability=float(fields["audit_probability"]["N"]),
    )
