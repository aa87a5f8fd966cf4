"""Refuse dashboards whose body is not a JSON object.

MiniStack: stores any text.
AWS: refuses the dashboard. It checks the widgets too, which is not emulated.
Source: CloudWatch API Reference, PutDashboard, error InvalidParameterInput; "Dashboard body
structure and syntax".
Remove this patch when MiniStack does the same.
"""

import json
from collections.abc import Mapping
from typing import Any

from ministack.services import cloudwatch

from localcloud.ministack.cloudwatch.protocols import error_answer
from localcloud.ministack.refusals import Resource, Rule, check_requests, check_resources

BODY = Rule(
    "CloudWatch dashboards",
    "a body that is not a JSON object",
    "CloudWatch",
    "InvalidParameterInput",
)
RULES = (BODY,)


def install() -> None:
    """Check the dashboards of requests and templates."""
    parameters = "params cbor_data is_cbor is_json"
    check_requests(cloudwatch, "_put_dashboard", parameters, _check_request, error_answer)
    check_resources("AWS::CloudWatch::Dashboard", _check_resource)


def _check_request(
    params: Mapping[str, Any], data: Mapping[str, Any], is_cbor: bool, is_json: bool = False
) -> None:
    in_body = is_cbor or is_json
    _check(data.get("DashboardBody") if in_body else cloudwatch._p(params, "DashboardBody"))


def _check_resource(resource: Resource) -> None:
    _check(resource.properties.get("DashboardBody"))


def _check(body: Any) -> None:
    try:
        parsed = json.loads(body or "")
    except (TypeError, ValueError):
        parsed = None
    if not isinstance(parsed, dict):
        raise BODY.error("The field DashboardBody must be a valid JSON object")
