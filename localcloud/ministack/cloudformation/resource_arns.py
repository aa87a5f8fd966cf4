"""Return the names and ARNs of CloudFormation's resources, as IAM policies write them.

Source: Service Authorization Reference, "Resource types defined by" each service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.ministack.cloudformation.generated_names import generated_name

_ARNS = {
    "AWS::Budgets::Budget": "arn:{partition}:budgets::{account}:budget/{name}",
    "AWS::CloudFormation::Stack": "arn:{partition}:cloudformation:{region}:{account}:stack/{name}",
    "AWS::CloudWatch::Alarm": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::CloudWatch::CompositeAlarm": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::CloudWatch::Dashboard": "arn:{partition}:cloudwatch::{account}:dashboard/{name}",
    "AWS::DynamoDB::Table": "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    "AWS::Events::Rule": "arn:{partition}:events:{region}:{account}:rule/{name}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role/{name}",
    "AWS::KMS::Key": "arn:{partition}:kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Function": "arn:{partition}:lambda:{region}:{account}:function:{name}",
    "AWS::Lambda::LayerVersion": "arn:{partition}:lambda:{region}:{account}:layer:{name}",
    "AWS::Logs::LogGroup": "arn:{partition}:logs:{region}:{account}:log-group:{name}",
    "AWS::Pipes::Pipe": "arn:{partition}:pipes:{region}:{account}:pipe/{name}",
    "AWS::S3::Bucket": "arn:{partition}:s3:::{name}",
    "AWS::SNS::Topic": "arn:{partition}:sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "arn:{partition}:sqs:{region}:{account}:{name}",
    "AWS::StepFunctions::StateMachine": (
        "arn:{partition}:states:{region}:{account}:stateMachine:{name}"
    ),
}
# The property that names a resource.
_NAMED_BY = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Pipes::Pipe": "Name",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
# The longest generated name of each type.
_LONGEST = {
    "AWS::CloudFormation::Stack": 128,
    "AWS::DynamoDB::Table": 255,
    "AWS::IAM::Role": 64,
    "AWS::Lambda::Function": 64,
    "AWS::S3::Bucket": 63,
    "AWS::SNS::Topic": 256,
    "AWS::SQS::Queue": 80,
}
# Parts of other resources: the property that names the resource, and the resource's type.
PART_OF = {
    "AWS::Logs::MetricFilter": ("LogGroupName", "AWS::Logs::LogGroup"),
    "AWS::S3::BucketPolicy": ("Bucket", "AWS::S3::Bucket"),
    "AWS::SNS::TopicPolicy": ("Topics", "AWS::SNS::Topic"),
    "AWS::SQS::QueuePolicy": ("Queues", "AWS::SQS::Queue"),
}
# IAM has no ARNs for resources of these types.
WITHOUT_ARN = {"AWS::Logs::QueryDefinition", "AWS::Logs::ResourcePolicy"}


def name_of(
    resource_type: str, properties: Mapping[str, Any], stack: str, logical_id: str, random: str
) -> str:
    """Return the name of a resource: from its properties, or else a generated name.

    Args:
        resource_type: CloudFormation's name of the type.
        properties: the resource's properties, resolved.
        stack: the name of the stack.
        logical_id: the logical id.
        random: the end of a generated name.

    Raises:
        KeyError: the type is unknown here.
    """
    if resource_type == "AWS::Budgets::Budget":
        return str(properties["Budget"]["BudgetName"])
    if given := properties.get(_NAMED_BY.get(resource_type, "")):
        return str(given)
    made = generated_name(stack, logical_id, random, _LONGEST[resource_type])
    return made.lower() if resource_type == "AWS::S3::Bucket" else made


@dataclass(frozen=True)
class Place:
    """The partition, the region and the account of resources."""

    partition: str
    region: str
    account: str

    def arn(self, resource_type: str, name: str) -> str:
        """Return the ARN of a resource by its type and name; of a stack, name and id.

        Raises:
            KeyError: the type is unknown here.
        """
        return _ARNS[resource_type].format(
            partition=self.partition, region=self.region, account=self.account, name=name
        )

    def arn_of_id(self, resource_type: str, physical_id: str) -> str:
        """Return the ARN of a resource by its physical id: an ARN, a URL or a name."""
        if physical_id.startswith("arn:"):
            return physical_id
        name = physical_id.rpartition("/")[2] if "://" in physical_id else physical_id
        return self.arn(resource_type, name)
