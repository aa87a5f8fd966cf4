"""Read the state of the local cloud as any client would."""

from collections import defaultdict
from typing import Any

from cli.service import Service
from localcloud.server.cloud import Cloud
from tests.soak.changes import plain_item

type Identity = tuple[str, str]


def recorded(cloud: Cloud, service: Service, prefix: str) -> dict[Identity, dict[str, Any]]:
    """Return the items of the results table under a prefix, by image URL and version."""
    pages = (
        cloud.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=service.results_table,
            FilterExpression="begins_with(image_url, :prefix)",
            ExpressionAttributeValues={":prefix": {"S": prefix}},
            ConsistentRead=True,
        )
    )
    items = (plain_item(item) for page in pages for item in page["Items"])
    return {(item["image_url"], item["version"]): item for item in items}


def newest_record(database: Any, service: Service, image_url: str) -> dict[str, Any]:
    """Return the current record of a key: the newest one in the table's index by upload."""
    answer = database.query(
        TableName=service.results_table,
        IndexName="ByUpload",
        KeyConditionExpression="image_url = :url",
        ExpressionAttributeValues={":url": {"S": image_url}},
        ScanIndexForward=False,
        Limit=1,
    )
    return plain_item(answer["Items"][0])


def newest_versions(cloud: Cloud, service: Service, prefix: str) -> dict[str, str]:
    """Return the latest version of every key in S3, by image URL."""
    bucket = f"s3://{service.image_bucket}/"
    pages = (
        cloud.client("s3")
        .get_paginator("list_object_versions")
        .paginate(Bucket=service.image_bucket, Prefix=prefix.removeprefix(bucket))
    )
    versions = (version for page in pages for version in page.get("Versions", []))
    return {
        f"{bucket}{version['Key']}": version["VersionId"]
        for version in versions
        if version["IsLatest"]
    }


def executions_by_status(cloud: Cloud, service: Service) -> dict[str, list[str]]:
    """Return the ARNs of the workflow's executions, by status."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    pages = (
        cloud.client("stepfunctions")
        .get_paginator("list_executions")
        .paginate(stateMachineArn=service.workflow_arn)
    )
    for execution in (execution for page in pages for execution in page["executions"]):
        found[execution["status"]].append(execution["executionArn"])
    return dict(found)
