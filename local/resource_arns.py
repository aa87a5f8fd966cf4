"""The ARNs of CloudFormation's resources, as IAM policies name them.

Source: Service Authorization Reference, "Resource types defined by" each service.
"""

from dataclasses import dataclass

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
    "AWS::StepFunctions::StateMachine": "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
}


@dataclass(frozen=True)
class Place:
    """Where resources are: the partition, the region and the account."""

    partition: str
    region: str
    account: str

    def arn(self, resource_type: str, name: str) -> str:
        """Return the ARN of a resource of CloudFormation's type under its name; of a stack, name and id."""
        return _ARNS[resource_type].format(
            partition=self.partition, region=self.region, account=self.account, name=name
        )
