"""Check whether Step Functions can deliver the log of a state machine to its log group."""

from ministack.core.responses import request_scope

from localcloud.ministack.iam.service_role import RoleDeniedError, RoleNotAssumedError, ServiceRole
from localcloud.ministack.logs.log_lines import log_group
from localcloud.ministack.refusals import Rule
from localcloud.stepfunctions.api_errors import InvalidLoggingError, LogDestinationDeniedError

_AREA = "Step Functions logging"
RULES = (
    Rule(_AREA, "a log group that does not exist", "Sfn", InvalidLoggingError.code),
    Rule(_AREA, "the ARN of a log group without `:*`", "Sfn", InvalidLoggingError.code),
    Rule(
        _AREA,
        "a role without one of eight permissions of log delivery",
        "Sfn",
        LogDestinationDeniedError.code,
    ),
)
_PRINCIPAL = "states.amazonaws.com"
# Step Functions Developer Guide, "Using CloudWatch Logs to log execution history", IAM policies for
# logging. Newer versions also list CreateLogStream and PutLogEvents, which the roles of the AWS
# CDK do not have.
ACTIONS = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)


class MiniStackLogDelivery:
    """Implement `localcloud.stepfunctions.surroundings.LogDelivery` with MiniStack."""

    def require(self, role_arn: str, machine_arn: str, group_arn: str) -> None:
        """Return if the role of a state machine may deliver its log to a log group.

        Raises:
            InvalidLoggingError: the log group does not exist.
            LogDestinationDeniedError: the role lacks a permission; the message is in
                https://github.com/aws/aws-cdk/issues/26432.
        """
        _, _, _, region, account, _, name = machine_arn.split(":", 6)
        with request_scope(account, region):
            if log_group(group_arn) is None:
                raise InvalidLoggingError(
                    f"Invalid Logging Configuration: Log Destination {group_arn} does not exist."
                )
            role = ServiceRole(role_arn, _PRINCIPAL, machine_arn, name)
            try:
                role.assume()
                for action in ACTIONS:
                    role.require("logs", action, "*")
            except (RoleNotAssumedError, RoleDeniedError) as exc:
                raise LogDestinationDeniedError(
                    "The state machine IAM Role is not authorized to access the Log Destination"
                ) from exc
