"""The place of a deployment: the values of CloudFormation's pseudo parameters."""

from dataclasses import dataclass

from cli.aws import Aws


@dataclass(frozen=True)
class Place:
    """Partition, region and account of a stack, and its name."""

    partition: str
    region: str
    account: str
    stack: str

    @property
    def pseudo_parameters(self) -> dict[str, str]:
        """The values of CloudFormation's pseudo parameters."""
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return {
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::StackName": self.stack,
            "AWS::URLSuffix": suffix,
        }


def find_place(aws: Aws, stack: str) -> Place:
    """Ask AWS for the caller's account, partition and region.

    Raises:
        RegionMissingError: no region is set.
        NoCredentialsError, ClientError: AWS does not know the caller.
    """
    partition = aws.session.get_partition_for_region(aws.region)
    return Place(partition, aws.region, aws.account, stack)
