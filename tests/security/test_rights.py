"""The mutation suite of the policies: each right removed or widened changes the answer to a call.

Every policy is asked about calls that it has to allow, and about calls that it has to refuse.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from cli.template import TEMPLATES
from tests.contract.execution_role.resolved import read
from tests.security.gate.templates import templates
from tests.security.rights.judgement import Judge
from tests.security.rights.policies import STACK, Policy, all_policies, policies_without_options
from tests.security.rights.suite import Suite

POLICIES = {policy.name: policy for policy in all_policies()}
FEWEST_MUTANTS = 3500
# Rights that parameters add: for the network, for traces, and of the role that deploys.
OPTIONAL = ("ec2:", "xray:", "role/ExecutionRole")


@cache
def suite(name: str) -> Suite:
    return Suite(POLICIES[name])


@pytest.mark.parametrize("name", POLICIES)
def test_policy_allows_the_calls_that_are_needed(name: str) -> None:
    assert suite(name).needed
    assert [] == suite(name).refused()


@pytest.mark.parametrize("name", POLICIES)
def test_policy_refuses_the_calls_next_to_them(name: str) -> None:
    assert suite(name).forbidden
    assert [] == suite(name).let_pass()


def test_every_mutant_of_the_policies_is_caught(
    record_property: Callable[[str, object], None],
) -> None:
    made, survivors = [], []
    for name in POLICIES:
        made += suite(name).mutants
        survivors += suite(name).survivors()
    caught = len(made) - len(survivors)
    record_property("shown", f"policy mutants caught: {caught} / {len(made)}")
    record_property(
        "shown", f"  by template: {counts(Counter(mutant.policy.template for mutant in made))}"
    )
    record_property("shown", f"  by kind: {counts(Counter(mutant.kind for mutant in made))}")
    assert [] == [mutant.name for mutant in survivors]
    assert len(made) >= FEWEST_MUTANTS


def counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def mutant_is_caught(name: str, kind: str, detail: str) -> bool:
    [mutant] = [one for one in suite(name).mutants if (kind, detail) == (one.kind, one.detail)]
    return suite(name).catches(mutant)


def test_trust_that_is_widened_to_all_functions_of_the_stack_is_caught() -> None:
    pattern = STACK.named("SerializeImageFunction").arn.removesuffix("serialize-image") + "*"
    assert pattern.endswith(f":function:{STACK.name}-*")
    assert mutant_is_caught(
        "SerializeImageRole (trust)", "condition value widened", f"aws:SourceArn {pattern}"
    )


@pytest.mark.parametrize("key", ["aws:SourceArn", "aws:SourceAccount"])
def test_condition_key_that_is_dropped_is_caught(key: str) -> None:
    assert mutant_is_caught("SerializeImageRole (trust)", "condition key dropped", key)


@pytest.mark.parametrize("attribute", ["outcome", "classification", "confidence_score", "audit"])
def test_reviewer_cannot_change_an_attribute_of_the_machine(attribute: str) -> None:
    policy = POLICIES["ReviewerPolicy (identity)"]
    judge = Judge(policy.kind, policy.statements)
    [update, *_] = [
        call for call in suite(policy.name).needed if "dynamodb:UpdateItem" == call.action
    ]
    named = dict(update.conditions)["dynamodb:attributes"]
    more = frozenset({("dynamodb:attributes", (*named, attribute))})
    assert judge.allows(update)
    assert not judge.allows(replace(update, conditions=more))


def test_every_template_is_in_the_suite() -> None:
    assert {template.name for template in templates()} == set(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_statement_of_a_template_is_in_the_suite(template: str) -> None:
    in_suite = sum(
        len(policy.statements) for policy in all_policies() if policy.template == template
    )
    # Counted as text, since a statement may be in a condition, and a policy may be a text itself.
    text = json.dumps(read(template)).replace('\\"', '"')
    assert text.count('"Effect"') == in_suite


@pytest.mark.parametrize("policy", policies_without_options(), ids=lambda policy: policy.name)
def test_parameters_that_are_not_given_add_no_rights(policy: Policy) -> None:
    text = json.dumps(policy.statements)
    assert [] == [right for right in OPTIONAL if right in text]


@pytest.mark.parametrize("right", OPTIONAL)
def test_parameters_that_are_given_add_rights(right: str) -> None:
    assert any(
        right in json.dumps(policy.statements)
        for policy in all_policies()
        if policy.template == TEMPLATES[0]
    )
