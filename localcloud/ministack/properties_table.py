"""Generate known_properties.json: the properties that templates can set, by resource type.

The table has the types that MiniStack creates.
`python -m localcloud.ministack.properties_table FOLDER DATE` writes the table from a
folder of CloudFormation's resource provider schemas, one JSON file each.
AWS publishes them as CloudformationSchema.zip (CloudFormation User Guide, "Resource type schema").
cfn-lint ships them in cfnlint/data/schemas/resources, with their date in version.json beside it.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.services.cloudformation import provisioners

from localcloud.ministack.cloudformation.known_properties import TABLE
from localcloud.ministack.patches import install_patches

type Schema = Mapping[str, Any]

# Prefixes of the types for which the table lists nested properties as well.
_NESTED = (
    "AWS::Budgets::",
    "AWS::CloudFormation::Stack",
    "AWS::CloudWatch::",
    "AWS::DynamoDB::Table",
    "AWS::Events::Rule",
    "AWS::IAM::",
    "AWS::KMS::Key",
    "AWS::Lambda::",
    "AWS::Logs::",
    "AWS::Pipes::",
    "AWS::S3::Bucket",
    "AWS::SNS::",
    "AWS::SQS::",
    "AWS::StepFunctions::",
)


def generated(schemas: list[Schema], date: str, types: set[str]) -> str:
    """Return the table of some types as JSON, one type a line.

    Args:
        schemas: the resource provider schemas. Schemas of one type, as of two regions, add up.
        date: the day on which AWS published the schemas.
        types: the names of the types.
    """
    found: dict[str, dict[str, set[str]]] = {}
    for schema in schemas:
        name = schema["typeName"]
        if name in types and schema.get("additionalProperties") is False:
            _add(found.setdefault(name, {}), schema, nested=name.startswith(_NESTED))

    lines = [f"  {json.dumps(name)}: {_line(known)}" for name, known in sorted(found.items())]
    head = {"source": "CloudFormation resource provider schemas", "date": date}

    return f'{{\n "about": {json.dumps(head)},\n "types": {{\n' + ",\n".join(lines) + "\n }\n}\n"


def _line(known: dict[str, set[str]]) -> str:
    return json.dumps(
        {name: sorted(entries) for name, entries in sorted(known.items())}, separators=(",", ":")
    )


def _add(known: dict[str, set[str]], schema: Schema, nested: bool) -> None:
    definitions = schema.get("definitions", {}) if nested else {}
    closed = {name: one for name, one in definitions.items() if _is_closed(one)}
    read_only = _read_only(schema)

    for name, one in {"": schema, **closed}.items():
        settable = {
            key: inner
            for key, inner in one["properties"].items()
            if name or f"/properties/{key}" not in read_only
        }
        entries = (_entry(key, inner, closed) for key, inner in settable.items())
        known.setdefault(name, set()).update(entries)


def _read_only(schema: Schema) -> set[str]:
    """Return the paths of the properties that templates cannot set.

    Some schemas call a property read-only that is required or set on creation: templates set it.
    """
    settable = set(schema.get("createOnlyProperties", []))
    settable |= set(schema.get("writeOnlyProperties", []))
    settable |= {f"/properties/{name}" for name in schema.get("required", [])}
    return set(schema.get("readOnlyProperties", [])) - settable


def _is_closed(definition: Schema) -> bool:
    """Return whether a definition names all properties of its objects."""
    return (
        definition.get("additionalProperties") is False
        and "properties" in definition
        and "patternProperties" not in definition
    )


def _entry(name: str, schema: Schema, closed: Mapping[str, Schema]) -> str:
    items = schema.get("items", {})
    reference = str(
        schema.get("$ref") or (items.get("$ref") if isinstance(items, Mapping) else "") or ""
    )
    definition = reference.removeprefix("#/definitions/")
    return f"{name}:{definition}" if definition in closed else name


if __name__ == "__main__":
    install_patches()
    read = [json.loads(path.read_text()) for path in sorted(Path(sys.argv[1]).glob("*.json"))]
    TABLE.write_text(generated(read, sys.argv[2], set(provisioners._RESOURCE_HANDLERS)))
