"""Check whether Step Functions can assume the role of a state machine."""

from ministack.core.responses import request_scope

from localcloud.ministack.iam.service_role import RoleNotAssumedError, ServiceRole
from localcloud.ministack.refusals import Rule
from localcloud.stepfunctions.api_errors import RoleNotAssumableError
from localcloud.stepfunctions.app import PRINCIPAL

RULES = (
    Rule(
        "Step Functions roles",
        "a role that does not exist or does not trust Step Functions",
        "Sfn",
        RoleNotAssumableError.code,
    ),
)


class MiniStackWorkflowRoles:
    """Implement `localcloud.stepfunctions.surroundings.WorkflowRoles` with MiniStack."""

    def require_assumable(self, role_arn: str, machine_arn: str) -> None:
        """Return if Step Functions can assume the role on behalf of a state machine.

        Raises:
            RoleNotAssumableError: the role does not exist or does not trust Step Functions; the
                message is in https://github.com/lumigo-io/lumigo-CLI/issues/83.
        """
        _, _, _, region, account, _, name = machine_arn.split(":", 6)
        with request_scope(account, region):
            try:
                ServiceRole(role_arn, PRINCIPAL, machine_arn, name).assume()
            except RoleNotAssumedError as exc:
                raise RoleNotAssumableError(
                    f"Neither the global service principal {PRINCIPAL}, nor the regional one is "
                    "authorized to assume the provided role."
                ) from exc
