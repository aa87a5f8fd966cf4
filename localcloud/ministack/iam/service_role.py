"""Let services act in roles, as Step Functions in the role of a state machine."""

from collections.abc import Mapping
from dataclasses import dataclass

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam

from localcloud.ministack.iam import audit_log

# Role, service, source and trust policy of each session. Services keep a session for many calls, as
# on AWS.
sessions: set[tuple[str, str, str, str]] = set()


class RoleNotAssumedError(Exception):
    """The role does not exist, or its trust policy does not let the service assume it."""


class RoleDeniedError(Exception):
    """The policies of the role do not allow the request of the service."""


@dataclass(frozen=True)
class ServiceRole:
    """A role that a service assumes.

    Args:
        role_arn: the role.
        service: the principal that assumes it, as "states.amazonaws.com".
        source_arn: the resource for which the service acts, ``aws:SourceArn`` in the trust policy.
        session_name: the name of the session in the ARN of the caller.
    """

    role_arn: str
    service: str
    source_arn: str
    session_name: str

    @property
    def caller_arn(self) -> str:
        """Return the principal that policies and error messages name."""
        return f"arn:aws:sts::{get_account_id()}:assumed-role/{self._name}/{self.session_name[:64]}"

    def assume(self) -> None:
        """Check the trust policy.

        Raises:
            RoleNotAssumedError: it does not let this service assume the role for this source.
        """
        trust = (iam._roles.get(self._name) or {}).get("AssumeRolePolicyDocument")
        session = self.role_arn, self.service, self.source_arn, str(trust)
        if session in sessions:
            return

        context = iam_evaluator.EvalContext(
            principal_arn="*",
            principal_type="Service",
            principal_account="",
            action="sts:AssumeRole",
            resource_arn="*",
            region=get_region(),
            secure_transport=True,
            service_context={
                "aws:sourcearn": self.source_arn,
                "aws:sourceaccount": get_account_id(),
            },
        )
        allowed = (
            iam_evaluator.evaluate_resource_policy(trust, context, service=self.service).decision
            == "Allow"
        )
        audit_log.record(
            self.service, context.action, self.role_arn, context.service_context, allowed
        )
        if not allowed:
            raise RoleNotAssumedError(
                f"{self.service} is not authorized to assume the role {self.role_arn} "
                f"for {self.source_arn}"
            )

        sessions.add(session)

    def require(
        self,
        service: str,
        action: str,
        resource_arn: str,
        conditions: Mapping[str, str] | None = None,
    ) -> None:
        """Check the role's policies, its permissions boundary and the policy of the resource.

        Args:
            service: MiniStack's name of the called service.
            action: the IAM action, as "events:PutEvents".
            resource_arn: the resource of the call.
            conditions: the service's condition keys in lower case, as {"events:source": "my-app"}.

        Raises:
            RoleDeniedError: with AWS's message.
        """
        account = get_account_id()
        context = iam_evaluator.EvalContext(
            principal_arn=self.caller_arn,
            principal_type="AssumedRole",
            principal_account=account,
            action=action,
            resource_arn=resource_arn,
            region=get_region(),
            secure_transport=True,
            service_context=dict(conditions or {}),
        )
        limits = iam_evaluator._permissions_boundary(iam._roles, self._name, account)
        result = iam_evaluator.evaluate(
            context, iam_evaluator._gather_role_policies(self._name, account), *limits
        )
        found = iam_evaluator._resource_policy(service, resource_arn)
        if found is not None:
            result = iam_evaluator.combine_resource_policy(result, context, *found, limits=limits)

        audit_log.record_request(context, result.decision == "Allow")
        if result.decision != "Allow":
            raise RoleDeniedError(
                iam_actions.identity_denial_message(
                    action, self.caller_arn, resource_arn, result.decision == "Deny"
                )
            )

    @property
    def _name(self) -> str:
        return self.role_arn.rsplit("/", 1)[-1]
