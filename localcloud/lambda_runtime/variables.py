"""Build the environment variables that Lambda gives a function."""

import os
from collections.abc import Mapping
from typing import Any

from localcloud.lambda_runtime.settings import PoolSettings


def function_variables(
    config: Mapping[str, Any],
    own: Mapping[str, str],
    credentials: Mapping[str, str],
    settings: PoolSettings,
) -> dict[str, str]:
    """Return the variables that all environments of a function share, without any of the host.

    Args:
        config: the function's configuration, as GetFunctionConfiguration answers it.
        own: the variables of the function itself, which take precedence over those of Lambda.
        credentials: AWS_ACCESS_KEY_ID and so on, of the function's role.
        settings: the settings of the pool.
    """
    region = config["FunctionArn"].split(":")[3]
    logging = config.get("LoggingConfig") or {}
    variables = {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": config["FunctionName"],
        "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": logging.get("LogGroup")
        or f"/aws/lambda/{config['FunctionName']}",
        "AWS_LAMBDA_LOG_FORMAT": logging.get("LogFormat", "Text"),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_ENDPOINT_URL": settings.endpoint_url,
        # These three belong to the local cloud: operations that botocore sends to another
        # host stay here, and the configuration in the user's home folder is not read.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    if level := logging.get("ApplicationLogLevel"):
        variables["AWS_LAMBDA_LOG_LEVEL"] = level
    return {**variables, **own, **credentials}
