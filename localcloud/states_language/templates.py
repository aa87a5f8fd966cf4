"""Check payload templates of JSONPath states (specification, "Payload Template")."""

from collections.abc import Iterator

from localcloud.states_language.workflow import JSONPATH, Places, Workflow, objects

TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Credentials", "Assign")
EVALUATED = ".$"  # the ending of a field whose value is a path or an intrinsic function


def wrong_template_value(workflow: Workflow) -> Places:
    """Find fields that end in .$ without a path or an intrinsic function."""
    for path, fields in _templates(workflow):
        for name, value in fields.items():
            is_evaluable = isinstance(value, str) and value.startswith(("$", "States."))
            if name.endswith(EVALUATED) and not is_evaluable:
                yield (
                    f"{path}/{name}",
                    f"{value!r:.80} is neither a path nor an intrinsic function.",
                )


def duplicate_template_field(workflow: Workflow) -> Places:
    """Find two fields that are equal without the ending .$."""
    for path, fields in _templates(workflow):
        for name in fields:
            if name.endswith(EVALUATED) and name.removesuffix(EVALUATED) in fields:
                yield (
                    f"{path}/{name}",
                    f"{name.removesuffix(EVALUATED)!r} exists too. Keep one of them.",
                )


def _templates(workflow: Workflow) -> Iterator[tuple[str, dict[str, object]]]:
    for state in workflow.states:
        if state.language == JSONPATH:
            for name in TEMPLATES:
                yield from _objects(f"{state.path}/{name}", state.fields.get(name))

            for path, rule in objects(f"{state.path}/Choices", state.fields.get("Choices")):
                yield from _objects(f"{path}/Assign", rule.get("Assign"))


def _objects(path: str, value: object) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield all objects in a value, with the value itself."""
    if isinstance(value, dict):
        yield path, value
        for name, item in value.items():
            yield from _objects(f"{path}/{name}", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _objects(f"{path}[{index}]", item)
