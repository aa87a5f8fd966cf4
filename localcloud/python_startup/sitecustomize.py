"""Send clients that name an endpoint of AWS in their code to the local cloud.

Python runs this file at its start if its folder is on PYTHONPATH.
`python -m localcloud env` puts the folder there.

An endpoint in code has precedence over AWS_ENDPOINT_URL. The SageMaker SDK names the endpoint of
STS, which `Session().default_bucket()` and `get_execution_role()` call. See sts_regional_endpoint
in sagemaker/utils.py (version 2.257) and sagemaker/core/helper/session_helper.py (version 3.27).

Every Python program of the shell pays for the imports of this file, so there are few.
"""

import os
import sys
from importlib.machinery import PathFinder

TYPE_CHECKING = False  # that of typing, without its import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn")


def keep_clients_local(session_class: "Any") -> None:
    """Make every client of a botocore Session ignore an endpoint of AWS that its code names.

    The client then follows AWS_ENDPOINT_URL, as clients without an endpoint do.
    """
    create = session_class.create_client

    def create_client(self: "Any", *arguments: "Any", **options: "Any") -> "Any":
        if "AWS_ENDPOINT_URL" in os.environ and _is_of_aws(options.get("endpoint_url")):
            del options["endpoint_url"]
        return create(self, *arguments, **options)

    session_class.create_client = create_client


def _is_of_aws(url: str | None) -> bool:
    from urllib.parse import urlsplit

    return (urlsplit(url or "").hostname or "").endswith(_AWS_DOMAINS)


class _BotocoreFinder:
    """Wait for the import of botocore, so that programs without it stay unchanged."""

    @staticmethod
    def find_spec(
        fullname: str, path: "Sequence[str] | None", target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        """Return how to import botocore.session with local clients; None for other modules."""
        if fullname != "botocore.session":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def execute_and_change(module: "ModuleType") -> None:
                execute(module)
                keep_clients_local(module.Session)

            spec.loader.exec_module = execute_and_change  # type: ignore[method-assign]
        return spec


def _run_hidden() -> None:
    """Run the sitecustomize of the system or of the environment, which this file hides."""
    # Importing pathlib would take longer than all the rest.
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    others = [folder for folder in sys.path if os.path.abspath(folder) != here]  # noqa: PTH100
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec and spec.loader:
        from importlib.util import module_from_spec

        spec.loader.exec_module(module_from_spec(spec))


if __name__ == "sitecustomize":
    sys.meta_path.insert(0, _BotocoreFinder)
    _run_hidden()
