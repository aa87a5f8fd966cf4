"""Another stack of the service beside the demo's, made of what `sam deploy` uploaded for that."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from localcloud.server.cloud import Cloud
from localcloud.server.settings import REGION
from tests.workflow.deployed import Deployed

_WAIT = {"Delay": 1, "MaxAttempts": 60}


def template_url(cloud: Cloud, service: Deployed, name: str) -> str:
    """Store the demo's template for another stack, since it is too long to be sent."""
    s3, bucket = cloud.client("s3"), f"{name}-template"
    body = cloud.client("cloudformation").get_template(
        StackName=service.stack, TemplateStage="Original"
    )
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="template.yaml", Body=body["TemplateBody"].encode())
    return f"https://s3.{REGION}.amazonaws.com/{bucket}/template.yaml"


@contextmanager
def second_stack(
    cloud: Cloud, service: Deployed, name: str, parameters: Mapping[str, str]
) -> Iterator[None]:
    """Deploy a second stack, by default of environment dev, and delete it at the end."""
    parameters = {"Environment": "dev", **parameters}
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(
        StackName=name,
        TemplateURL=template_url(cloud, service, name),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=_WAIT)
    try:
        yield
    finally:
        cloudformation.delete_stack(StackName=name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=_WAIT)
