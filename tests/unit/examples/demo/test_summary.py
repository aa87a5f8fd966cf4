"""Check the commands that the demo prints at its end."""

import io
from collections import Counter
from pathlib import Path

import pytest

from examples.demo.summary import review_commands, show_next_commands
from localcloud.server.settings import Folder
from review.images import Reason
from untrusted.console import Console

WAITING = Counter({Reason.REVIEW: 50, Reason.AUDIT: 18, Reason.SECOND_OPINION: 2})


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[4])


def printed(waiting: Counter[Reason], state: Path | None = None) -> list[str]:
    text = io.StringIO()
    show_next_commands(Console(file=text, width=200), waiting, state or Folder().path)
    return [line.strip() for line in text.getvalue().splitlines() if line.strip()]


def test_last_command_opens_the_review_page() -> None:
    *_, activate, last = printed(WAITING)
    assert "scones review" == last
    assert 'source .venv/bin/activate && eval "$(scones local env)"' == activate


def test_waiting_images_and_audits_are_counted() -> None:
    first, *_ = review_commands(WAITING, "activate")
    assert first.startswith("70 images wait for a reviewer, 20 of them drawn for an audit.")


def test_review_page_is_not_offered_without_waiting_images() -> None:
    assert "scones review" not in printed(Counter())


def test_commands_name_another_folder_of_the_local_cloud() -> None:
    [activate, *_] = [line for line in printed(WAITING, Path("/a b/c")) if "local env" in line]
    assert activate.endswith("""eval "$(scones local env --state-dir '/a b/c')\"""")
