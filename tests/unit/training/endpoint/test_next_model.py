"""Name the model that the endpoint moves to in the model card."""

from typing import Any

import pytest

from training.endpoint.errors import EndpointStuckError, SmokeTestError
from training.endpoint.next_model import announced
from training.models.model_card import read_model_card, write_model_card
from training.steps.context import Context

OURS = {"labels": ["a", "b"], "model_digest": "sha256:1", "embedding_space": "3da3"}
NEW = {"labels": ["a", "b"], "model_digest": "sha256:2", "embedding_space": "3da3"}
BUILT_IN = {"labels": ["a", "b"], "model_digest": "sha256:3"}


def stored(context: Context) -> dict[str, Any] | None:
    return read_model_card(context.aws.ssm, context.names.model_card)


def announce(context: Context, card: dict[str, Any], error: BaseException | None = None) -> Any:
    """Announce a card, and return what the parameter holds meanwhile."""
    with announced(context.aws.ssm, context.names, card):
        meanwhile = stored(context)
        if error:
            raise error
    return meanwhile


@pytest.mark.parametrize("new", [NEW, BUILT_IN])
def test_card_names_the_next_model_before_it_answers(context: Context, new: dict[str, Any]) -> None:
    write_model_card(context.aws.ssm, context.names, OURS)
    following = {
        "model_digest": new["model_digest"],
        "embedding_space": new.get("embedding_space"),
    }
    assert OURS | {"next": following} == announce(context, new)


def test_model_without_verbose_answers_needs_no_next(context: Context) -> None:
    write_model_card(context.aws.ssm, context.names, BUILT_IN)
    assert BUILT_IN == announce(context, NEW)


def test_first_deployment_writes_no_card_early(context: Context) -> None:
    assert announce(context, NEW) is None


def test_card_names_no_next_model_after_a_rollback(context: Context) -> None:
    write_model_card(context.aws.ssm, context.names, OURS)
    with pytest.raises(SmokeTestError):
        announce(context, NEW, SmokeTestError())
    assert OURS == stored(context)


@pytest.mark.parametrize("error", [EndpointStuckError(), KeyboardInterrupt()])
def test_card_keeps_the_next_model_while_it_may_answer(
    context: Context, error: BaseException
) -> None:
    write_model_card(context.aws.ssm, context.names, OURS)
    with pytest.raises(type(error)):
        announce(context, NEW, error)
    found = stored(context)
    assert found
    assert NEW["model_digest"] == found["next"]["model_digest"]
