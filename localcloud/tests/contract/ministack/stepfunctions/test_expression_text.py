"""What `$string` makes of letters and numbers is what npm's jsonata 2.0.6 makes of them."""

from typing import Any

import pytest
from ministack.services import stepfunctions


@pytest.mark.usefixtures("ministack")
@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ('{"name":"höhle 😀"}', {"name": "höhle 😀"}),
        ("[2,0.3,1e-7]", [2.0, 0.1 + 0.2, 1e-7]),
        ('{"a":{"b":[null,true,"\\n"]}}', {"a": {"b": [None, True, "\n"]}}),
        ('["\\ud800 \\udfff 😀"]', ["\ud800 \udfff 😀"]),
        ("2", 2.0),
        ("höhle", "höhle"),
    ],
)
def test_text_of_a_value(expected: str, value: Any) -> None:
    assert expected == stepfunctions._evaluate_jsonata("$string($states.input)", value)
