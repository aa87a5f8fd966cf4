"""Name the files of the local cloud, and set the environment of MiniStack."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.python_environments import INSTALLATION_VARIABLES, installation_variables

# The folder that this package is imported from: a checkout, or the site-packages of an environment.
IMPORT_FOLDER = Path(__file__).parents[2]
ACCOUNT = "000000000000"
REGION = "us-east-1"
# MiniStack takes this key for the key of the account's root, and does not check its signature.
ACCESS_KEY = "local"
SECRET_KEY = "local"  # noqa: S105  # not a secret: every client of the port has all rights
# The variables that the server inherits. Credentials, profiles, proxies and settings of another
# MiniStack or LocalStack are dropped.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SFN_WAIT_SCALE", "LOCALCLOUD_DATA_DIR")
# The delay of endpoints' metrics and captured data: seconds here, a minute in CloudWatch.
_PUBLISH_SECONDS = "5"


def data_folder(outside: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that all local clouds of this Python share: the Lambda environment, and
    bytecode.

    It is LOCALCLOUD_DATA_DIR, or in the Python environment, and is deleted with the environment.
    """
    return Path(
        outside.get("LOCALCLOUD_DATA_DIR") or Path(sys.prefix, "share", "localcloud")
    ).absolute()


def _default_folder() -> Path:
    return Path.cwd() / ".localcloud"


@dataclass(frozen=True)
class Folder:
    """The folder of one local cloud: `.localcloud` in the current folder, or another one.

    Several local clouds can run at once, each in its own folder.
    """

    path: Path = field(default_factory=_default_folder)

    @property
    def state(self) -> Path:
        """Return the folder of the state, which survives a restart."""
        return self.path / "state"

    @property
    def temporary(self) -> Path:
        """Return the folder of temporary files, which do not survive a restart."""
        return self.path / "tmp"

    @property
    def log(self) -> Path:
        """Return the log of the server."""
        return self.path / "logs" / "cloud.log"

    @property
    def audit(self) -> Path:
        """Return the audit log: a line of JSON for each decision about a role or a service."""
        return self.path / "logs" / "audit.jsonl"

    @property
    def output(self) -> Path:
        """Return the file with the output of a server in the background."""
        return self.path / "logs" / "up.log"

    @property
    def port(self) -> Path:
        """Return the file with the port of the last start; it survives a crash."""
        return self.state / "port"

    @property
    def unsaved(self) -> Path:
        """Return the file that exists while a cloud runs, and after one that could not save its
        state.
        """
        return self.state / "unsaved"

    @property
    def record(self) -> Path:
        """Return the record of the server."""
        return self.path / "cloud.json"

    @property
    def lock(self) -> Path:
        """Return the lock, which the server holds until it ends."""
        return self.path / "lock"


def server_environment(
    folder: Folder, port: int, outside: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the whole environment of the server; MiniStack reads it when it is imported."""
    return {
        **{name: outside[name] for name in _INHERITED if name in outside},
        INSTALLATION_VARIABLES: installation_variables(outside),
        "TMPDIR": str(folder.temporary),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder.state / "ministack"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder.state / "s3"),
        # The pool of the local cloud limits the processes and lets calls wait. MiniStack's
        # own limit, from the size of the memory, would refuse calls before.
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
        # Only our port listens, and MiniStack does not look for containers.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder.temporary / 'no-docker.sock'}",
        "SAGEMAKER_PUBLISH_SECONDS": outside.get("SAGEMAKER_PUBLISH_SECONDS", _PUBLISH_SECONDS),
        # The seconds that serverless endpoints take to start.
        "SAGEMAKER_COLD_START_SECONDS": outside.get("SAGEMAKER_COLD_START_SECONDS", "0"),
        # onnxruntime reports to its makers when it is imported.
        "ORT_DISABLE_TELEMETRY": "1",
    }
