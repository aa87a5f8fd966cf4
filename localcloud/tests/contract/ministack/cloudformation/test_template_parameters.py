"""Parameters of templates as CloudFormation reads them."""

from typing import Any

import pytest
from ministack.services.cloudformation import changesets, engine, handlers

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Address": {"Type": "String"}, "Stage": {"Type": "String", "Default": "dev"}},
}

pytestmark = pytest.mark.usefixtures("ministack")


@pytest.mark.parametrize("module", [handlers, changesets])
def test_parameter_without_a_value_is_refused_with_aws_message(module: Any) -> None:
    with pytest.raises(ValueError, match=r"^Parameters: \[Address\] must have values$"):
        module._resolve_parameters(TEMPLATE, [])


@pytest.mark.parametrize("module", [handlers, changesets, engine])
@pytest.mark.parametrize("previous", [{}, {"UsePreviousValue": True}])
def test_parameter_that_the_template_does_not_have_is_refused(
    module: Any, previous: dict[str, bool]
) -> None:
    given = [{"Key": "Address", "Value": "here"}, {"Key": "Colour", "Value": "red", **previous}]
    with pytest.raises(ValueError, match=r"^Parameters: \[Colour\] do not exist in the template$"):
        module._resolve_parameters(TEMPLATE, given)


def test_parameter_keeps_its_previous_value_only_if_it_has_one() -> None:
    previous = [{"Key": "Address", "Value": "", "UsePreviousValue": True}]

    assert handlers._resolve_parameters(TEMPLATE, previous, {"Address": {"Value": "here"}})
    with pytest.raises(ValueError, match="must have values"):
        handlers._resolve_parameters(TEMPLATE, previous, {})


def test_empty_list_has_one_empty_member_in_rules() -> None:
    definition = {"Type": "CommaDelimitedList", "Default": ""}

    assert [""] == engine._rule_param_value("Subnets", definition, {"Subnets": {"Value": ""}})
