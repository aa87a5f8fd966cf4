"""Turn answers into lines of the file of answers, and lines into answers and manifests."""

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from review.folder.answer_file import Line
from review.images import Answer, ImageKey, Reason, Verdict
from training.dataset.dataset import CALIBRATION, OTHER, TEST, TRAIN

ANSWERS, LABELS, OTHERS = "reviews.jsonl", "labels.csv", "other.csv"
OWN = frozenset({ANSWERS, LABELS, OTHERS})
HELD_OUT = 0.1  # of the files, for calibration and as much for the test, as `stage` splits


@dataclass(frozen=True)
class FolderAnswer:
    """An answer about a file, with the SHA-256 of the file that the reviewer saw."""

    answer: Answer
    digest: str


def split_of(path: str) -> str:
    """Return the split of a file by a hash of its path: 10 % calibrate, 10 % test, 80 % train.

    The draw does not depend on the model. Calibration and test therefore judge a random sample of
    the folder, although the choice of training images prefers uncertain ones.
    """
    digest = hashlib.sha256(path.encode()).digest()
    drawn = int.from_bytes(digest[:8]) / 2**64
    if drawn < HELD_OUT:
        return CALIBRATION
    return TEST if drawn < 2 * HELD_OUT else TRAIN


def classes_line(classes: tuple[str, ...]) -> Line:
    """Return the line that stores the classes of a session."""
    return {"classes": list(classes)}


def answer_line(stored: FolderAnswer) -> Line:
    """Return the line of an answer."""
    answer = stored.answer
    return {
        "answer_id": answer.answer_id,
        "path": answer.key.image_url,
        "version": answer.key.version,
        "sha256": stored.digest,
        "verdict": answer.verdict,
        "class": answer.label,
        "reviewer": answer.reviewer,
        "answered_at": answer.answered_at,
        "reason": answer.reason,
        "seconds": round(answer.seconds, 3),
    }


def undo_line(answer: Answer, undone_at: str) -> Line:
    """Return the line that takes an answer back."""
    return {
        "undo": answer.answer_id,
        "path": answer.key.image_url,
        "reviewer": answer.reviewer,
        "answered_at": undone_at,
    }


def last_classes(lines: Iterable[Line]) -> tuple[str, ...]:
    """Return the classes of the last session, or none."""
    found = [line["classes"] for line in lines if "classes" in line]
    return tuple(found[-1]) if found else ()


def standing_answers(lines: Iterable[Line]) -> dict[str, FolderAnswer]:
    """Return the answer of each path that nobody took back.

    Raises:
        KeyError, TypeError, ValueError: A line is not an answer.
    """
    standing: dict[str, FolderAnswer] = {}
    for line in lines:
        if "undo" in line:
            stored = standing.get(line["path"])
            if stored and stored.answer.answer_id == line["undo"]:
                del standing[line["path"]]
        elif "answer_id" in line:
            standing[line["path"]] = _answer_of(line)
    return standing


def write_manifests(folder: Path, answers: Iterable[FolderAnswer], classes: Iterable[str]) -> None:
    """Write `labels.csv`, a source for `stage`, and `other.csv`, its negative examples.

    Images that are not usable are in neither. Answers of other classes are not written.

    Raises:
        OSError: The folder cannot be written.
    """
    known = set(classes)
    rows: dict[str, list[Mapping[str, Any]]] = {LABELS: [], OTHERS: []}
    for stored in answers:
        if stored.answer.verdict == Verdict.CLASS and stored.answer.label in known:
            rows[LABELS].append(_row(stored.answer, str(stored.answer.label)))
        elif stored.answer.verdict == Verdict.NONE_OF_THESE:
            rows[OTHERS].append(_row(stored.answer, OTHER))
    for name, found in rows.items():
        _write(folder / name, found)


def _row(answer: Answer, label: str) -> Mapping[str, Any]:
    path = answer.key.image_url
    return {
        "path": path,
        "label": label,
        "split": split_of(path),
        "reason": answer.reason,
        "reviewer": answer.reviewer,
        "answered_at": answer.answered_at,
    }


def _write(path: Path, rows: list[Mapping[str, Any]]) -> None:
    if not rows:
        path.unlink(missing_ok=True)
        return
    text = io.StringIO()
    table = csv.DictWriter(text, rows[0])
    table.writeheader()
    table.writerows(rows)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        file.write(text.getvalue())
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _answer_of(line: Line) -> FolderAnswer:
    answer = Answer(
        answer_id=line["answer_id"],
        key=ImageKey(line["path"], line["version"]),
        verdict=Verdict(line["verdict"]),
        label=line["class"],
        reviewer=line["reviewer"],
        answered_at=line["answered_at"],
        reason=Reason(line["reason"]),
        model_digest="",
        seconds=float(line["seconds"]),
    )
    return FolderAnswer(answer, line["sha256"])
