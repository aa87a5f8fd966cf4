"""Find the mutants of a policy that its needed and forbidden calls catch."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache, cached_property

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import fnmatch_iam

from tests.security.gate.templates import Data, listed
from tests.security.rights.forbidden import forbidden
from tests.security.rights.judgement import Judge
from tests.security.rights.mutants import Mutant, mutants
from tests.security.rights.needed import needed
from tests.security.rights.policies import Policy
from tests.workflow.least_privilege.policies import Call


class Suite:
    """The calls of one policy, and the mutants that they catch."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.needed = needed(policy)
        self.forbidden = forbidden(policy, self.needed)
        self._by_action: dict[str, list[Call]] = defaultdict(list)
        for call in self.forbidden:
            self._by_action[call.action].append(call)
        self._matching = cache(self._matching_calls)
        self._witnesses = cache(self._find_witnesses)
        # The evaluator keeps 4,096 compiled patterns; without room it compiles each again.
        iam_evaluator._FNMATCH_CACHE.clear()

    @cached_property
    def mutants(self) -> list[Mutant]:
        """Every mutant of the policy."""
        return list(mutants(self.policy))

    def refused(self) -> list[Call]:
        """Return the needed calls that the policy refuses."""
        judge = self._judge(self.policy.statements)
        return [call for call in self.needed if not judge.allows(call)]

    def let_pass(self) -> list[Call]:
        """Return the forbidden calls that the policy lets pass."""
        judge = self._judge(self.policy.statements)
        return [call for call in self.forbidden if judge.allows(call)]

    def survivors(self) -> list[Mutant]:
        """Return the mutants of the policy that no call catches."""
        return [mutant for mutant in self.mutants if not self.catches(mutant)]

    def catches(self, mutant: Mutant) -> bool:
        """Return whether a mutant refuses a needed call, or lets a forbidden one pass."""
        if self.policy.only_denies:
            judge = self._judge([] if mutant.statement is None else [mutant.statement])
            return any(map(judge.allows, self.forbidden)) or not all(map(judge.allows, self.needed))
        witnesses = self._witnesses(mutant.index)
        if mutant.statement is None:
            return bool(witnesses)
        judge = self._judge([mutant.statement])
        if not all(map(judge.allows, witnesses)):
            return True
        # No other statement allows a forbidden call, which `let_pass` is for.
        return any(map(judge.allows, self._concerned(mutant.statement)))

    def _find_witnesses(self, index: int) -> list[Call]:
        """The needed calls that pass by one statement and by no other."""
        statements = self.policy.statements
        own, others = (
            self._judge([statements[index]]),
            self._judge(statements[:index] + statements[index + 1 :]),
        )
        return [call for call in self.needed if own.allows(call) and not others.allows(call)]

    def _concerned(self, statement: Data) -> Iterable[Call]:
        if "NotAction" in statement:
            return self.forbidden
        patterns = sorted(listed(statement["Action"]), key=lambda pattern: "*" not in pattern)
        return (call for pattern in patterns for call in self._matching(pattern))

    def _matching_calls(self, pattern: str) -> list[Call]:
        actions = [action for action in self._by_action if fnmatch_iam(action, pattern)]
        return [call for action in actions for call in self._by_action[action]]

    def _judge(self, statements: list[Data]) -> Judge:
        return Judge(self.policy.kind, statements, self.policy.only_denies)
