"""Check stored data: encryption, access and retention."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.security.gate.templates import Data, Finding, Template, listed

PUBLIC_ACCESS = (
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
)
LONGEST_RETENTION = 1209600  # seconds: what SQS keeps a message at most
DECIDED = [{"Key": "review-state", "Value": "decided"}]  # set by statemachine/tag_version.asl.json


def check_stored(template: Template) -> Iterator[Finding]:
    """Find storage without the protection that its type offers."""
    for logical_id, resource in template.data["Resources"].items():
        if check := CHECKS.get(resource["Type"]):
            for advice in check(template, logical_id, resource):
                yield Finding(template.name, logical_id, advice)


def _bucket(template: Template, logical_id: str, resource: Data) -> Iterator[str]:
    properties = resource["Properties"]
    yield from _kept(resource)
    public = properties.get("PublicAccessBlockConfiguration", {})
    if not all(public.get(flag) is True for flag in PUBLIC_ACCESS):
        yield f"block public access: {', '.join(PUBLIC_ACCESS)}"
    rules = properties.get("OwnershipControls", {}).get("Rules", [])
    if [{"ObjectOwnership": "BucketOwnerEnforced"}] != rules:
        yield "turn access control lists off: ObjectOwnership BucketOwnerEnforced"
    versioned = properties.get("VersioningConfiguration", {}).get("Status") == "Enabled"
    if not versioned:
        yield "keep overwritten objects: VersioningConfiguration"
    if not properties.get("LoggingConfiguration"):
        yield "offer access logs: LoggingConfiguration"
    yield from _bucket_encryption(template, properties)
    yield from _lifecycle(versioned, properties)
    if not _refuses_without_tls(template, logical_id):
        yield "refuse requests without TLS, for bucket and objects, in a bucket policy"


def _bucket_encryption(template: Template, properties: Data) -> Iterator[str]:
    rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    default = rules[0].get("ServerSideEncryptionByDefault", {}) if rules else {}
    if not default.get("SSEAlgorithm"):
        yield "encrypt it: BucketEncryption"
    if not template.has_key:
        return
    if default.get("SSEAlgorithm") != "aws:kms" or not default.get("KMSMasterKeyID"):
        yield "encrypt with a KMS key: SSEAlgorithm aws:kms and KMSMasterKeyID"
    if not rules or rules[0].get("BucketKeyEnabled") is not True:
        yield "ask KMS for one key per bucket instead of one per object: BucketKeyEnabled"


def _lifecycle(versioned: bool, properties: Data) -> Iterator[str]:
    rules = properties.get("LifecycleConfiguration", {}).get("Rules", [])
    enabled = [rule for rule in rules if rule.get("Status") == "Enabled"]
    if not any(
        rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation")
        for rule in enabled
    ):
        yield "delete unfinished uploads: AbortIncompleteMultipartUpload"
    if versioned and not any(
        rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays") for rule in enabled
    ):
        yield "delete old versions in time: NoncurrentVersionExpiration"
    if properties.get("NotificationConfiguration") and not all(
        rule.get("TagFilters") == DECIDED
        for rule in enabled
        if "NoncurrentVersionExpiration" in rule
    ):
        yield f"keep images that wait for a reviewer: TagFilters {DECIDED}"


def _refuses_without_tls(template: Template, bucket: str) -> bool:
    own: list[Any] = [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]
    for _, policy in template.of_type("AWS::S3::BucketPolicy"):
        if policy["Properties"]["Bucket"] == {"Ref": bucket}:
            for statement in policy["Properties"].get("PolicyDocument", {}).get("Statement", []):
                secure = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
                refuses = (statement["Effect"], statement.get("Principal"), statement.get("Action"))
                if refuses == ("Deny", "*", "s3:*") and str(secure).lower() == "false":
                    return all(resource in listed(statement.get("Resource")) for resource in own)
    return False


def _table(_template: Template, _logical_id: str, resource: Data) -> Iterator[str]:
    properties = resource["Properties"]
    yield from _kept(resource)
    encryption = properties.get("SSESpecification", {})
    if encryption.get("SSEEnabled") is not True:
        yield "encrypt it with KMS: SSEEnabled"
    if encryption.get("SSEType") != "KMS" or not encryption.get("KMSMasterKeyId"):
        yield "encrypt it with the stack's key: SSEType KMS and KMSMasterKeyId"
    recovery = properties.get("PointInTimeRecoverySpecification", {})
    if recovery.get("PointInTimeRecoveryEnabled") is not True:
        yield "let it be restored: PointInTimeRecoveryEnabled"
    if properties.get("DeletionProtectionEnabled", False) is False:
        yield "protect it from deletion in production: DeletionProtectionEnabled"


def _queue(template: Template, logical_id: str, resource: Data) -> Iterator[str]:
    properties = resource["Properties"]
    yield from _kept(resource)
    if not properties.get("KmsMasterKeyId"):
        yield "encrypt it with the stack's key: KmsMasterKeyId"
    if properties.get("MessageRetentionPeriod") != LONGEST_RETENTION:
        yield f"keep failures as long as can be: MessageRetentionPeriod {LONGEST_RETENTION}"
    is_last = {"Fn::GetAtt": [logical_id, "Arn"]} in _last_resorts(template)
    own = properties.get("RedrivePolicy", {})
    if not is_last and not (own.get("deadLetterTargetArn") and own.get("maxReceiveCount")):
        yield "give it a dead-letter queue: RedrivePolicy"


def _last_resorts(template: Template) -> list[Any]:
    """Return the dead-letter queues without a reader."""
    queues = [
        queue["Properties"].get("RedrivePolicy", {})
        for _, queue in template.of_type("AWS::SQS::Queue")
    ]
    rules = [
        target
        for _, rule in template.of_type("AWS::Events::Rule")
        for target in rule["Properties"].get("Targets", [])
    ]
    read = [pipe["Properties"].get("Source") for _, pipe in template.of_type("AWS::Pipes::Pipe")]
    found = [queue.get("deadLetterTargetArn") for queue in queues]
    found += [rule.get("DeadLetterConfig", {}).get("Arn") for rule in rules]
    return [queue for queue in found if queue not in read]


def _topic(_template: Template, _logical_id: str, resource: Data) -> Iterator[str]:
    if not resource["Properties"].get("KmsMasterKeyId"):
        yield "encrypt it: KmsMasterKeyId"


def _log_group(_template: Template, _logical_id: str, resource: Data) -> Iterator[str]:
    if not resource["Properties"].get("KmsKeyId"):
        yield "encrypt it with the stack's key: KmsKeyId"
    if not resource["Properties"].get("RetentionInDays"):
        yield "delete logs in time: RetentionInDays"


def _key(_template: Template, _logical_id: str, resource: Data) -> Iterator[str]:
    yield from _kept(resource)
    if resource["Properties"].get("EnableKeyRotation") is not True:
        yield "renew the key's material every year: EnableKeyRotation"
    if not resource["Properties"].get("KeyPolicy"):
        yield "say who may use the key: KeyPolicy"


def _kept(resource: Data) -> Iterator[str]:
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        if policy not in resource:
            yield f"decide the handling of its content: {policy}"


CHECKS: dict[str, Callable[[Template, str, Data], Iterator[str]]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _topic,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::KMS::Key": _key,
}
