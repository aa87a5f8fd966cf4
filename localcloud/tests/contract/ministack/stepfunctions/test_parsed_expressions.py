"""A JSONata expression is parsed once, and evaluated anew every time."""

from typing import Any

import pytest
from jsonata import jexception, parser
from ministack.services import stepfunctions

EXPRESSION = "$states.input.price * 2"


def evaluated(expression: str, state_input: dict[str, Any]) -> Any:
    return stepfunctions._evaluate_jsonata(expression, state_input)


@pytest.mark.usefixtures("ministack")
def test_expression_is_parsed_once() -> None:
    assert parser.Parser().parse(EXPRESSION) is parser.Parser().parse(EXPRESSION)


@pytest.mark.usefixtures("ministack")
def test_expression_gives_another_value_for_another_input() -> None:
    assert [2, 6, 2] == [evaluated(EXPRESSION, {"price": price}) for price in (1, 3, 1)]


@pytest.mark.usefixtures("ministack")
def test_text_that_is_no_expression_fails_every_time() -> None:
    for _ in range(2):
        with pytest.raises(jexception.JException):
            parser.Parser().parse("1 +")
