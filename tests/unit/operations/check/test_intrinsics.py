"""Intrinsic functions become values of the right form."""

from typing import Any

import pytest

from operations.check.intrinsics import Resolver, UnknownIntrinsicError
from operations.check.place import Place

TEMPLATE = {
    "Parameters": {
        "Environment": {"Type": "String", "AllowedValues": ["dev", "prod"]},
        "Prefix": {"Type": "String", "Default": "archive/"},
        "KeyArn": {"Type": "String", "Default": ""},
    },
    "Resources": {
        "Images": {"Type": "AWS::S3::Bucket", "Properties": {}},
        "Serialize": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"FunctionName": {"Fn::Sub": "${AWS::StackName}-serialize"}},
        },
        "Alarm": {"Type": "AWS::CloudWatch::Alarm"},
    },
}
RESOLVER = Resolver(
    TEMPLATE,
    Place("aws-cn", "cn-north-1", "123456789012", "scones"),
    {"Given": "value"},
)


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("cn-north-1", {"Ref": "AWS::Region"}),
        ("dev", {"Ref": "Environment"}),
        ("value", {"Ref": "Given"}),
        ("scones-images-1a2b3c4d5e6f", {"Ref": "Images"}),
        (
            "arn:aws-cn:s3:::scones-images-1a2b3c4d5e6f/archive/*",
            {"Fn::Sub": "${Images.Arn}/${Prefix}*"},
        ),
        (
            "arn:aws-cn:lambda:cn-north-1:123456789012:function:scones-serialize",
            {"Fn::GetAtt": ["Serialize", "Arn"]},
        ),
        (
            "endpoint/archive/ in cn-north-1",
            {"Fn::Sub": ["endpoint/${Name} in ${AWS::Region}", {"Name": {"Ref": "Prefix"}}]},
        ),
        ("s3.amazonaws.com.cn, ${Literal}", {"Fn::Sub": "s3.${AWS::URLSuffix}, ${!Literal}"}),
        (
            ["a", "b"],
            ["a", {"Ref": "AWS::NoValue"}, {"Fn::If": ["IsProd", {"Ref": "AWS::NoValue"}, "b"]}],
        ),
        ({"a": "x,y"}, {"a": {"Fn::Join": [",", ["x", "y"]]}, "b": {"Ref": "AWS::NoValue"}}),
        ("then", {"Fn::If": ["IsProd", "then", "otherwise"]}),
    ],
)
def test_value_is_resolved(expected: Any, value: Any) -> None:
    assert expected == RESOLVER.resolve(value)


@pytest.mark.parametrize(
    "value",
    [{"Ref": "Nothing"}, {"Fn::Cidr": ["10.0.0.0/8", 1, 8]}, {"Fn::GetAtt": ["Alarm", "Arn"]}],
    ids=["resource", "function", "ARN"],
)
def test_unknown_value_is_named_with_the_file_to_extend(value: Any) -> None:
    with pytest.raises(UnknownIntrinsicError, match=r"operations/check/intrinsics\.py"):
        RESOLVER.resolve(value)
