"""SageMaker works in the role of a job, checked by MiniStack's IAM."""

import json
from typing import Any

import pytest
from ministack.core.responses import request_scope
from ministack.services import kms

from localcloud.ministack.sagemaker.role import MiniStackRole
from localcloud.sagemaker.execution_role import RoleRefusedError

JOB = "arn:aws:sagemaker:us-east-1:000000000000:training-job/trucks"
ROLE = MiniStackRole("arn:aws:iam::000000000000:role/actor", JOB)
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/train/*"}


def test_role_that_trusts_sagemaker_is_assumed(ministack: Any) -> None:
    condition = {
        "ArnEquals": {"aws:SourceArn": JOB},
        "StringEquals": {"aws:SourceAccount": "000000000000"},
    }
    ministack.put_role(service="sagemaker.amazonaws.com", condition=condition)

    ROLE.assume()


def test_role_of_another_service_is_not_assumed(ministack: Any) -> None:
    ministack.put_role(service="states.amazonaws.com")

    with pytest.raises(
        RoleRefusedError, match=r"allows principal 'sagemaker\.amazonaws\.com' to assume"
    ):
        ROLE.assume()


def test_role_that_does_not_exist_is_not_assumed(ministack: Any) -> None:
    with pytest.raises(RoleRefusedError, match="Please ensure that the role exists"):
        ROLE.assume()


def test_role_may_do_what_its_policies_allow(ministack: Any) -> None:
    ministack.put_role([READ], service="sagemaker.amazonaws.com")

    ROLE.require("s3:GetObject", "arn:aws:s3:::data/train/truck/1.png")


def test_role_may_read_the_alarms_of_its_policies(ministack: Any) -> None:
    alarms = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:trucks-*"
    statement = {"Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": alarms}
    ministack.put_role([statement], service="sagemaker.amazonaws.com")

    ROLE.require("cloudwatch:DescribeAlarms", alarms.replace("*", "errors"))

    with pytest.raises(
        RoleRefusedError, match="not authorized to perform: cloudwatch:DescribeAlarms"
    ):
        ROLE.require("cloudwatch:DescribeAlarms", alarms.replace("trucks-*", "cars-errors"))


def test_role_may_do_nothing_else(ministack: Any) -> None:
    ministack.put_role([READ], service="sagemaker.amazonaws.com")

    with pytest.raises(
        RoleRefusedError,
        match="assumed-role/actor/SageMaker is not authorized to perform: s3:GetObj",
    ):
        ROLE.require("s3:GetObject", "arn:aws:s3:::data/secret")


def test_role_uses_a_key_under_the_conditions_of_its_policy(ministack: Any) -> None:
    with request_scope("000000000000", "us-east-1"):
        key = json.loads(kms._create_key({})[2])["KeyMetadata"]

    via = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    of_data = {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data/*"}}
    decrypt = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": key["Arn"],
        "Condition": via | of_data,
    }
    for_aws = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    lend = {
        "Effect": "Allow",
        "Action": "kms:CreateGrant",
        "Resource": key["Arn"],
        "Condition": for_aws,
    }
    ministack.put_role([decrypt, lend], service="sagemaker.amazonaws.com")
    used = {
        "kms:viaservice": "s3.us-east-1.amazonaws.com",
        "kms:encryptioncontext:aws:s3:arn": "arn:aws:s3:::data/a",
    }

    ROLE.use_key("kms:Decrypt", key["KeyId"], used)
    ROLE.use_key("kms:CreateGrant", key["Arn"], {"kms:grantisforawsresource": "true"})

    for action, conditions in (
        ("kms:Decrypt", {}),
        ("kms:Decrypt", used | {"kms:encryptioncontext:aws:s3:arn": "arn:aws:s3:::secret/a"}),
        ("kms:CreateGrant", {"kms:grantisforawsresource": "false"}),
        ("kms:Encrypt", used),
    ):
        with pytest.raises(RoleRefusedError, match=f"not authorized to perform: {action}"):
            ROLE.use_key(action, key["Arn"], conditions)


def test_key_that_does_not_exist_is_refused(ministack: Any) -> None:
    ministack.put_role(service="sagemaker.amazonaws.com")

    with pytest.raises(RoleRefusedError, match="'alias/none' does not exist"):
        ROLE.use_key("kms:Decrypt", "alias/none", {})
