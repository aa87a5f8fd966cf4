"""Rights that could be taken away and nothing would be missed."""

from collections.abc import Iterable

from tests.workflow.least_privilege.neighbours import shape
from tests.workflow.least_privilege.policies import Call, Policies


def surplus(policies: Policies, needed: Iterable[Call], unneeded: Iterable[Call]) -> list[str]:
    """Name every action and resource of a statement whose removal denies no needed call.

    Args:
        policies: the statements.
        needed: the calls that have to be allowed.
        unneeded: calls that must be denied; each denying statement stops at least one.
    """
    examples = {shape(call, policies): call for call in needed}.values()
    found = []
    for statement in policies.statements:
        witnesses = unneeded if statement.denies else examples
        for name, left in statement.lesser():
            less = policies.without(statement, left)
            if not any(less.allows(call) == statement.denies for call in witnesses):
                found.append(name)
    return found
