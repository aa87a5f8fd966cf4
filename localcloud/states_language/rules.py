"""List all rules, each with the diagnostic code of AWS."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from localcloud.states_language import (
    choices,
    error_handling,
    expressions,
    fields,
    maps,
    names,
    resources,
    templates,
    transitions,
    values,
)
from localcloud.states_language.workflow import Finding, Places, Workflow, read

_SCHEMA = "SCHEMA_VALIDATION_FAILED"


class Rule(NamedTuple):
    """A rule, which yields path and message of every violation."""

    code: str
    find: Callable[[Workflow], Places]

    @property
    def name(self) -> str:
        """Return the rule's name, which is the name of its function."""
        return self.find.__name__

    @property
    def refused(self) -> str:
        """Return the refused definitions, from the first sentence of the function."""
        sentence = (self.find.__doc__ or "").split(".\n")[0].removesuffix(".")
        return sentence.removeprefix("Find ")


RULES = (
    Rule(_SCHEMA, fields.unknown_type),
    Rule(_SCHEMA, fields.query_language),
    Rule(_SCHEMA, fields.unsupported_field),
    Rule(_SCHEMA, fields.field_of_other_language),
    Rule(_SCHEMA, fields.missing_field),
    Rule(_SCHEMA, fields.exclusive_fields),
    Rule(_SCHEMA, fields.next_or_end),
    Rule(_SCHEMA, values.wrong_value),
    Rule(_SCHEMA, values.heartbeat_too_slow),
    Rule(_SCHEMA, values.wrong_path),
    Rule("INVALID_RESOURCE", resources.wrong_resource),
    Rule(_SCHEMA, resources.waiting_in_express),
    Rule(_SCHEMA, resources.distributed_in_express),
    Rule("INVALID_STATE_NAME", names.long_state_name),
    Rule("DUPLICATE_STATE_NAME", names.duplicate_state_name),
    Rule("INVALID_LABEL_NAME", names.invalid_label),
    Rule("DUPLICATE_LABEL_NAME", names.duplicate_label),
    Rule(_SCHEMA, names.invalid_variable),
    Rule(_SCHEMA, names.variable_of_outer_scope),
    Rule("MISSING_TRANSITION_TARGET", transitions.missing_target),
    Rule("MISSING_TRANSITION_TARGET", transitions.unreachable_state),
    Rule("MISSING_END_STATE", transitions.missing_end),
    Rule(_SCHEMA, error_handling.wrong_retrier),
    Rule(_SCHEMA, error_handling.wrong_catcher),
    Rule(_SCHEMA, error_handling.low_delay_limit),
    Rule(_SCHEMA, error_handling.any_error_not_alone),
    Rule(_SCHEMA, error_handling.any_error_not_last),
    Rule(_SCHEMA, choices.wrong_condition),
    Rule(_SCHEMA, choices.wrong_choice_field),
    Rule(_SCHEMA, choices.wrong_comparison),
    Rule(_SCHEMA, maps.wrong_processor),
    Rule(_SCHEMA, maps.missing_map_resource),
    Rule(_SCHEMA, maps.wrong_batch),
    Rule(_SCHEMA, maps.wrong_item_limit),
    Rule(_SCHEMA, maps.map_field_of_other_language),
    Rule("INVALID_JSONATA_EXPRESSION", expressions.half_marked),
    Rule("INVALID_JSONATA_EXPRESSION", expressions.broken_expression),
    Rule("UNSUPPORTED_JSONATA_EXPRESSION", expressions.unbound_name),
    Rule("INVALID_JSONATA_EXPRESSION", expressions.whole_document),
    Rule("UNSUPPORTED_JSONATA_EXPRESSION", expressions.result_out_of_place),
    Rule("UNSUPPORTED_JSONATA_EXPRESSION", expressions.error_output_out_of_place),
    Rule(_SCHEMA, templates.wrong_template_value),
    Rule(_SCHEMA, templates.duplicate_template_field),
)


def check(
    definition: Mapping[str, Any],
    *,
    express: bool = False,
    rules: Sequence[Rule] = RULES,
) -> Iterator[Finding]:
    """Yield every reason for which Step Functions refuses a definition.

    Args:
        definition: the definition, with substituted placeholders.
        express: whether the workflow type is EXPRESS.
        rules: the rules to check.
    """
    workflow = read(definition, express)
    for rule in rules:
        for path, message in rule.find(workflow):
            yield Finding(rule.code, path, message, rule.name)
