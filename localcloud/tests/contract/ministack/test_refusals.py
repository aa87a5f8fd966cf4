"""A refused request gets AWS's error; a refused resource fails with AWS's message."""

from types import ModuleType
from typing import Any

import pytest
from ministack.services.cloudformation import provisioners

from localcloud.ministack.refusals import Resource, Rule, check_requests, check_resources

RULE = Rule("Tests", "a number above one", "Tester", "TooLarge", 409)


def check(data: dict[str, int]) -> None:
    if data["number"] > 1:
        raise RULE.error("The number is too large.")


def test_refused_request_does_not_reach_the_operation() -> None:
    owner = ModuleType("owner")
    calls: list[int] = []

    def operation(data: dict[str, int]) -> str:
        calls.append(data["number"])
        return "done"

    vars(owner)["operation"] = operation
    check_requests(owner, "operation", "data", check)
    status, headers, body = vars(owner)["operation"]({"number": 2})
    assert 409 == status
    assert "TooLarge" == headers["x-amzn-errortype"]
    assert b"The number is too large." in body
    assert "done" == vars(owner)["operation"]({"number": 1})
    assert [1] == calls


def test_refused_resource_fails_before_it_is_created_or_updated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []
    handler: dict[str, Any] = {
        "create": lambda logical_id, properties, stack: seen.append(properties),
        "update": lambda name, old, new, stack, logical_id: seen.append(new),
        "delete": lambda name, properties: None,
    }
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, "Tests::Number", handler)
    check_resources("Tests::Number", lambda resource: check(dict(resource.properties)))
    reason = (
        r'Resource handler returned message: "The number is too large. '
        r'\(Service: Tester, Status Code: 409\)"'
    )

    provisioners._provision_resource("Tests::Number", "One", {"number": 1}, "stack")

    with pytest.raises(ValueError, match=reason):
        provisioners._provision_resource("Tests::Number", "One", {"number": 2}, "stack")

    with pytest.raises(ValueError, match=reason):
        handler["update"]("one", {"number": 1}, {"number": 2}, "stack", "One")

    assert [{"number": 1}] == seen


def test_check_of_an_update_sees_name_and_old_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Resource] = []
    handler = {"update": lambda name, old, new, stack: None}
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, "Tests::Number", handler)
    check_resources("Tests::Number", seen.append)
    handler["update"]("one", {"number": 1}, {"number": 2}, "stack")
    assert [Resource("one", {"number": 2}, {"number": 1}, "stack")] == seen
