"""CloudWatch refuses a dashboard that is not a JSON object."""

import json
from typing import Any

import pytest
from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

MESSAGE = "The field DashboardBody must be a valid JSON object"
BROKEN = ["", "{", "[]", '"text"']

pytestmark = pytest.mark.usefixtures("ministack")


@pytest.mark.parametrize("body", BROKEN)
def test_request_for_a_dashboard_that_is_not_json_is_refused(body: str) -> None:
    request = {"DashboardName": "one", "DashboardBody": body}
    status, headers, answer = cloudwatch._put_dashboard({}, request, False, True)
    assert 400 == status
    assert "InvalidParameterInput" == headers["x-amzn-errortype"]
    assert MESSAGE == json.loads(answer)["message"]


@pytest.mark.parametrize("body", BROKEN)
def test_dashboard_of_a_template_that_is_not_json_fails(body: str) -> None:
    properties: Any = {"DashboardName": "one", "DashboardBody": body}
    with pytest.raises(ValueError, match=MESSAGE):
        provisioners._provision_resource("AWS::CloudWatch::Dashboard", "One", properties, "stack")
    assert [] == list(cloudwatch._dashboards)


def test_dashboard_that_is_a_json_object_is_created() -> None:
    request = {"DashboardName": "one", "DashboardBody": '{"widgets": []}'}
    assert 200 == cloudwatch._put_dashboard({}, request, False, True)[0]
