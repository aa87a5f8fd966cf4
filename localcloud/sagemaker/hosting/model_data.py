"""Check that the execution role of a model can read the model data.

Source: re:Post, "How do I resolve Amazon S3 AccessDenied errors in Amazon SageMaker training
jobs?". CreateModel requires the Amazon S3 action s3:GetObject only. AWS's message is quoted in
https://github.com/philschmid/llm-sagemaker-sample/issues/2. AWS sends it for a role that it cannot
assume, for a missing permission and for a missing object.
"""

from localcloud.api.protocol import InvalidRequestError
from localcloud.sagemaker.execution_role import ExecutionRole, RoleRefusedError, object_arn
from localcloud.sagemaker.object_store import ObjectStore, ObjectUnavailableError


def check_model_data(
    url: str, role: ExecutionRole, role_arn: str, objects: ObjectStore, region: str
) -> None:
    """Check the model data of a model that is to be created.

    Args:
        url: the model.tar.gz, as s3://bucket/key.
        role: the execution role of the model.
        role_arn: the ARN of the role, for the message.
        objects: the objects of the region.
        region: the region, for the message.

    Raises:
        InvalidRequestError: SageMaker cannot assume the role, the role cannot read the object, or
            there is no such object.
    """
    try:
        role.assume()
        role.require("s3:GetObject", object_arn(url))
        found = url in objects.list(url)
    except (RoleRefusedError, ObjectUnavailableError) as exc:
        raise InvalidRequestError(_message(url, role_arn, region)) from exc
    if not found:
        raise InvalidRequestError(_message(url, role_arn, region))


def _message(url: str, role_arn: str, region: str) -> str:
    return (
        f'Could not access model data at {url}. Please ensure that the role "{role_arn}" exists '
        'and that its trust relationship policy allows the action "sts:AssumeRole" for the service '
        'principal "sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" '
        f"permissions and that the object is located in {region}. If your Model uses multiple "
        "models or uncompressed models, please ensure that the role has "
        '"s3:ListBucket" permission.'
    )
