"""Refuse reserved words as attribute names in every expression, before any item is read.

MiniStack: has the list of words and checks the expressions of writes. It misses queries, scans,
batch reads and an attribute named "size", and names every expression "UpdateExpression".
AWS: refuses the request, even if the table is empty.
Source: DynamoDB Developer Guide, "Reserved words in DynamoDB" (573 words).
Remove this patch when MiniStack does the same.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.services import dynamodb
from ministack.services._dynamodb_keywords import AWS_KEYWORDS

from localcloud.ministack.patch import wrap
from localcloud.ministack.refusals import Answer, RefusedError, Rule, check_requests, json_answer

RESERVED = Rule(
    "DynamoDB expressions",
    "a reserved word as an attribute name",
    "DynamoDb",
    "ValidationException",
)
RULES = (RESERVED,)

# A name, but not a placeholder (#name, :value) or a function, which a parenthesis follows.
_NAME = re.compile(r"(?<![\w#:])[A-Za-z_]\w*(?!\w|\s*\()")
_CONDITION_OPERATORS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"})
_UPDATE_CLAUSES = frozenset({"SET", "REMOVE", "ADD", "DELETE"})
_OPERATORS = {"ProjectionExpression": frozenset[str](), "UpdateExpression": _UPDATE_CLAUSES}


def install() -> None:
    """Check the expressions of all requests."""
    parameters = "data expression_fields size_wording"
    wrap(dynamodb, "_validate_expression_attrs", parameters, _validate)
    check_requests(dynamodb, "_batch_get_item", "data", _check_batch)
    check_requests(dynamodb, "_transact_write_action_error", "op_type op", _check_transaction)


def _validate(
    original: Callable[..., Answer | None],
    data: Mapping[str, Any],
    fields: tuple[str, ...],
    size_wording: Any = "figure",
) -> Answer | None:
    if answer := original(data, fields, size_wording):
        return answer
    try:
        _check(data, fields)
    except RefusedError as refused:
        return json_answer(refused)
    return None


def _check_batch(data: Mapping[str, Any]) -> None:
    for request in (data.get("RequestItems") or {}).values():
        _check(request, ("ProjectionExpression",))


def _check_transaction(_operation: str, data: Mapping[str, Any]) -> None:
    _check(data, ("ConditionExpression", "UpdateExpression"))


def _check(data: Mapping[str, Any], fields: tuple[str, ...]) -> None:
    """Raise RefusedError if an attribute name in one of these expressions is a reserved word."""
    for field in fields:
        for word in _reserved(data.get(field) or "", _OPERATORS.get(field, _CONDITION_OPERATORS)):
            raise RESERVED.error(
                f"Invalid {field}: Attribute name is a reserved keyword; reserved keyword: {word}"
            )


def _reserved(expression: str, operators: frozenset[str]) -> Iterator[str]:
    for word in _NAME.findall(expression):
        if word.upper() in AWS_KEYWORDS and word.upper() not in operators:
            yield word
