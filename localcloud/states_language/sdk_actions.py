"""List the services and actions of aws-sdk tasks, from botocore's models.

A Resource names a service as the AWS SDK for Java 2 names its package: from the service id, in
lower case and without a last "Service". It names an action in camel case.
Source: Step Functions Developer Guide, "Learning to use AWS service SDK integrations in Step
Functions", Using AWS SDK service integrations and Supported AWS SDK service integrations.
"""

import re
from functools import cache

from botocore.loaders import Loader
from botocore.utils import EVENT_ALIASES

_NOT_IN_NAME = re.compile(r"[^a-z0-9]")
_MODEL = "service-2"
# Services with another id than the name of their folder in botocore, beyond EVENT_ALIASES.
_IDS = {
    "ds-data": "Directory Service Data",
    "lexv2-models": "Lex Models V2",
    "lexv2-runtime": "Lex Runtime V2",
    "sms-voice": "Pinpoint SMS Voice",
}


def is_sdk_action(service: str, action: str) -> bool:
    """Return whether a service and an action, as in aws-sdk:SERVICE:ACTION, exist."""
    folder = _folders().get(service)
    return folder is not None and action in _actions(folder)


@cache
def _folders() -> dict[str, str]:
    """Return the folder of each service in botocore by the service's name in a Resource."""
    folders = Loader().list_available_services(_MODEL)
    return {_name(_IDS.get(one) or EVENT_ALIASES.get(one, one)): one for one in folders}


def _name(service_id: str) -> str:
    name = _NOT_IN_NAME.sub("", service_id.lower())
    return name.removeprefix("amazon").removeprefix("aws").removesuffix("service")


@cache
def _actions(folder: str) -> frozenset[str]:
    operations = Loader().load_service_model(folder, _MODEL)["operations"]
    return frozenset(name[0].lower() + name[1:] for name in operations)
