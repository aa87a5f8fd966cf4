"""Name in the model card the model that the endpoint moves to, before its first answer.

A verbose answer names the model that gave it. The functions refuse an answer of a model that the
card does not name, and ask for verbose answers only if every named model gives them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from training.endpoint.errors import RolledBackError, SmokeTestError
from training.models.model_card import (
    BadModelArchiveError,
    ModelChangedError,
    ModelMissingError,
    read_model_card,
    write_model_card,
)
from training.project.naming import Names

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

NEXT = "next"
_MEMBERS = ("model_digest", "embedding_space")
# After these errors of a deployment the earlier model answers again.
_ROLLED_BACK = (
    RolledBackError,
    SmokeTestError,
    ModelMissingError,
    BadModelArchiveError,
    ModelChangedError,
)


def with_next(present: Mapping[str, Any], card: Mapping[str, Any]) -> dict[str, Any]:
    """Return the present card; if its model gives verbose answers, with the model of another card.

    The functions read answers of both models with the present temperature and thresholds.
    """
    rest = {name: value for name, value in present.items() if name != NEXT}
    if not present.get("embedding_space"):
        return rest
    return rest | {NEXT: {name: card.get(name) for name in _MEMBERS}}


@contextmanager
def announced(ssm: "SSMClient", names: Names, card: Mapping[str, Any]) -> Iterator[None]:
    """Name a card's model as the next while the endpoint moves to it; not after a rollback.

    After another error either model may answer, so the card keeps both.

    Raises:
        ModelCardTooLargeError: The present card has no room for it.
    """
    present = read_model_card(ssm, names.model_card) or {}
    both = with_next(present, card)
    if both != present:
        write_model_card(ssm, names, both)
    try:
        yield
    except _ROLLED_BACK:
        if NEXT in both:
            del both[NEXT]
            write_model_card(ssm, names, both)
        raise
