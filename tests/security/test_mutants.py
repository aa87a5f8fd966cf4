"""The gate's own checks find every control that is removed or weakened."""

from collections.abc import Callable

from tests.security.gate.checks import definition_findings, template_findings
from tests.security.gate.templates import definitions, templates
from tests.security.mutants.definitions import definition_mutants
from tests.security.mutants.templates import template_mutants

FEWEST = 50  # that would be worth the name


def test_every_mutant_is_caught(record_property: Callable[[str, object], None]) -> None:
    caught, survivors = 0, []
    for template in templates():
        before = template_findings(template)
        for name, mutant in template_mutants(template):
            if template_findings(mutant) - before:
                caught += 1
            else:
                survivors.append(name)
    before = definition_findings(definitions())
    for name, changed in definition_mutants(definitions()):
        if definition_findings(changed) - before:
            caught += 1
        else:
            survivors.append(name)
    record_property("shown", f"mutants caught: {caught} / {caught + len(survivors)}")
    assert [] == survivors
    assert FEWEST <= caught
