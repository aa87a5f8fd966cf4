"""Write the table of permissions in docs/security.md from the template.

`python -m documents.permission_table` replaces the table between its two comments.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from documents.page_part import with_part

TEMPLATE = Path("template.yaml")
PAGE = Path("docs/security.md")
# The prefix of all ARNs of the stack's account and region; the table omits it.
_OWN_ARN = re.compile(r"arn:\$\{AWS::Partition\}:\w+:\$\{AWS::Region\}:\$\{AWS::AccountId\}:")
_DOCUMENTS = ("AssumeRolePolicyDocument", "PolicyDocument", "KeyPolicy")
_OPERATORS = {
    "Null": "is absent",
    "StringEquals": "is",
    "Bool": "is",
    "ArnEquals": "is",
    "ArnLike": "is like",
}


def table() -> str:
    """Return the table in Markdown: a row for each statement, grouped by the policy's owner."""
    resources = yaml_parse(TEMPLATE.read_text())["Resources"]
    head = ["| statement | who | may | on what | only if |", "|---|---|---|---|---|"]
    rows = [
        row
        for logical_id, resource in resources.items()
        for row in _rows(logical_id, resource["Properties"])
    ]
    return "\n".join([*head, *rows]) + "\n"


def _rows(logical_id: str, properties: dict[str, Any]) -> Iterator[str]:
    statements = list(_statements(properties))
    if statements:
        yield f"| **{logical_id}** | | | | |"
    for condition, statement in statements:
        limits = [f"the stack has {condition}"] if condition else []
        limits += [
            f"`{key}` {_OPERATORS[operator]}"
            + ("" if operator == "Null" else f" {_listed(operand)}")
            for operator, operands in statement.get("Condition", {}).items()
            for key, operand in operands.items()
        ]
        may = _listed(statement["Action"]) + (" **not**" if statement["Effect"] == "Deny" else "")
        cells = [
            statement["Sid"],
            _principal(statement),
            may,
            _listed(statement.get("Resource", [])),
            "; ".join(limits),
        ]
        yield f"| {' | '.join(cells)} |"


def _statements(properties: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every statement with the name of the condition of the statement or its policy."""
    documents = [("", properties[name]) for name in _DOCUMENTS if name in properties]
    for policy in properties.get("Policies", []):
        condition, given, _ = policy.get("Fn::If", ["", policy, None])
        documents.append((condition, given["PolicyDocument"]))
    for condition, document in documents:
        for statement in document["Statement"]:
            own, given, _ = statement.get("Fn::If", [condition, statement, None])
            yield own, given


def _principal(statement: dict[str, Any]) -> str:
    match statement.get("Principal"):
        case None:
            return "the role"
        case "*":
            return "everybody"
        case {"Service": service}:
            return _listed(service)
        case {"AWS": {"Ref": parameter}}:
            return f"`<{parameter}>`"
    return "the account"  # all principals of the account that IAM permits


def _listed(values: Any) -> str:
    return ", ".join(
        f"`{_text(value)}`" for value in (values if isinstance(values, list) else [values])
    )


def _text(value: Any) -> str:
    """Return a value of the template as text: logical ids for ARNs, <Name> for parameters."""
    match value:
        case {"Ref": name}:
            return re.sub(r"^AWS::(\w+)", r"<\1>", name)
        case {"Fn::GetAtt": [name, _]}:
            return str(name)
        case {"Fn::If": [_, then, _]}:
            return _text(then)
        case {"Fn::Sub": [text, dict()]} | {"Fn::Sub": text}:
            shorter = re.sub(r"\$\{(\w+)\.(?:Arn|Name)\}", r"\1", _OWN_ARN.sub("", text))
            return re.sub(r"\$\{(?:AWS::)?(\w+)\}", r"<\1>", shorter)
    return str(value).lower() if isinstance(value, bool) else str(value)


def with_table(page: str) -> str:
    """Return the page with the current table."""
    return with_part(page, "permissions", table())


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
