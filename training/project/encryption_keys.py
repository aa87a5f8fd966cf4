"""Check the user's KMS keys, and allow the role of the training stack to use them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, WaiterError

from cli.aws import PermissionMissingError, code_of, explain
from training.project.errors import TrainingError
from training.project.training_stack import (
    DATA_KEYS,
    POLLING,
    TEMPLATE,
    VOLUME_KEYS,
    EnvironmentStack,
    TrainingStackFailedError,
)
from untrusted.console import Console

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef
    from mypy_boto3_kms import KMSClient

_SYMMETRIC = "SYMMETRIC_DEFAULT"
_ENABLED = "Enabled"


class KeyUnusableError(TrainingError):
    """SageMaker needs an enabled symmetric KMS key of this region."""


def key_arn(kms: "KMSClient", key: str | None, console: Console) -> str | None:
    """Return the ARN of a key from its ID, ARN or alias; None for None.

    Policies name keys by ARN, and SageMaker does not accept an alias for a volume.

    Raises:
        KeyUnusableError: The key does not exist, or SageMaker cannot use it.
    """
    if key is None:
        return None

    try:
        found = kms.describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as exc:
        if code_of(exc) in ("NotFoundException", "InvalidArnException", "ValidationException"):
            raise KeyUnusableError(
                f"The KMS key {key} does not exist. {KeyUnusableError.__doc__}"
            ) from exc
        if not isinstance(explain(exc), PermissionMissingError):
            raise
        if ":key/" not in key:
            message = f"{key}: give the ARN of the key, or get kms:DescribeKey to look it up."
            raise KeyUnusableError(message) from exc
        console.print(f"The KMS key {key} is not checked: the check needs kms:DescribeKey.")
        return key

    state = found.get("KeyState", "")
    spec = found.get("KeySpec", "")
    if (state, spec) != (_ENABLED, _SYMMETRIC):
        raise KeyUnusableError(
            f"The KMS key {key} is {state} and {spec}. {KeyUnusableError.__doc__}"
        )
    return found["Arn"]


def allow_keys(
    stack: EnvironmentStack, role: str, *, data: str | None, volumes: str | None
) -> None:
    """Update the training stack so that its role may use the keys of objects and volumes.

    Do nothing if the role may use the keys already. Never change a role of the user.

    Args:
        stack: The training stack of the environment.
        role: ARN of SageMaker's role.
        data: ARN of the key that encrypts models or captured data.
        volumes: ARN of the key that encrypts volumes.

    Raises:
        TrainingStackFailedError: The stack cannot be updated.
    """
    if data is None and volumes is None:
        return

    found = stack.find()
    if found is None or found.role != role:
        stack.console.print(f"Make sure that the role may use the KMS key: {role}")
        return

    allowed = {DATA_KEYS: found.data_keys, VOLUME_KEYS: found.volume_keys}
    wanted = {
        DATA_KEYS: _with(found.data_keys, data),
        VOLUME_KEYS: _with(found.volume_keys, volumes),
    }
    if wanted != allowed:
        stack.console.print(
            f"Updating the stack {stack.name}: SageMaker's role may use the KMS key."
        )
        _update(stack, found.parameters, wanted)


def _with(keys: tuple[str, ...], key: str | None) -> tuple[str, ...]:
    return keys if key is None or key in keys else (*keys, key)


def _update(
    stack: EnvironmentStack, names: Iterable[str], keys: Mapping[str, Iterable[str]]
) -> None:
    """Update the keys, and leave the stack's other parameters; `names` lists all parameters."""
    parameters: list[ParameterTypeDef] = [
        {"ParameterKey": one, "UsePreviousValue": True} for one in names if one not in keys
    ]
    parameters += [
        {"ParameterKey": one, "ParameterValue": ",".join(arns)} for one, arns in keys.items()
    ]
    stack.cloudformation.update_stack(
        StackName=stack.name,
        TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM"],
    )
    try:
        waiter = stack.cloudformation.get_waiter("stack_update_complete")
        waiter.wait(StackName=stack.name, WaiterConfig=POLLING)
    except WaiterError as exc:
        raise TrainingStackFailedError(
            f"The stack {stack.name}: {exc}. {TrainingStackFailedError.__doc__}"
        ) from exc
