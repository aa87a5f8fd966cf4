"""The second that an evaluation may take is one of work."""

import time
from typing import Any

import pytest
from jsonata import Jsonata, jexception
from jsonata.timebox import Timebox


class NoExpression:
    """Takes the callbacks of a Timebox and never calls them."""

    def set_evaluate_entry_callback(self, callback: Any) -> None: ...

    def set_evaluate_exit_callback(self, callback: Any) -> None: ...


@pytest.mark.usefixtures("ministack")
def test_evaluation_whose_thread_waits_is_not_ended() -> None:
    box = Timebox(NoExpression(), timeout=5)
    time.sleep(0.01)
    box.check_runaway()


@pytest.mark.usefixtures("ministack")
def test_evaluation_that_works_for_too_long_is_ended() -> None:
    box = Timebox(NoExpression(), timeout=5)
    while time.thread_time() - box.began < 0.03:
        pass
    with pytest.raises(jexception.JException):
        box.check_runaway()


@pytest.mark.usefixtures("ministack")
def test_endless_expression_is_ended() -> None:
    endless = Jsonata.jsonata("($forever := function() { $forever() }; $forever())", timeout=20)
    with pytest.raises(jexception.JException):
        endless.evaluate(None)
