"""Where the local cloud keeps its things, and what MiniStack has to find in the environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Where this package is imported from: a checkout, or the site-packages of an environment.
IMPORT_FOLDER = Path(__file__).parents[2]
ACCOUNT = "000000000000"
REGION = "us-east-1"
# MiniStack takes the key in its own environment for that of the account's root, whose signature it does not check.
ACCESS_KEY = "local"
SECRET_KEY = "local"  # noqa: S105  # no secret: whoever may connect to the port may do anything
# All that the server takes over from the environment that it is started in. Credentials, profiles, proxies and settings
# made for another MiniStack or LocalStack stay outside.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SFN_WAIT_SCALE", "LOCALCLOUD_DATA_DIR")
# How long metrics and captured data of endpoints wait to be published: seconds, where CloudWatch has a minute.
_PUBLISH_SECONDS = "5"


def data_folder(outside: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that all local clouds of this Python share: the Lambda environment, compiled bytecode.

    It is LOCALCLOUD_DATA_DIR, or in the Python environment itself, so that it goes when the environment goes.
    """
    return Path(
        outside.get("LOCALCLOUD_DATA_DIR") or Path(sys.prefix, "share", "localcloud")
    ).absolute()


def _default_folder() -> Path:
    return Path.cwd() / ".localcloud"


@dataclass(frozen=True)
class Folder:
    """The folder of one local cloud: `.localcloud` in the current folder, or another one.

    Several local clouds can run at once, each in a folder of its own.
    """

    path: Path = field(default_factory=_default_folder)

    @property
    def state(self) -> Path:
        """What survives a restart."""
        return self.path / "state"

    @property
    def temporary(self) -> Path:
        """What does not."""
        return self.path / "tmp"

    @property
    def log(self) -> Path:
        """What the server logs."""
        return self.path / "logs" / "cloud.log"

    @property
    def audit(self) -> Path:
        """What roles and services were let do and what not, a line of JSON each."""
        return self.path / "logs" / "audit.jsonl"

    @property
    def output(self) -> Path:
        """What a server in the background prints."""
        return self.path / "logs" / "up.log"

    @property
    def port(self) -> Path:
        """The port of the last start; it stays after a crash, when the record is gone."""
        return self.state / "port"

    @property
    def unsaved(self) -> Path:
        """There while a cloud runs, and after one that could not save its state; to remove it takes no space."""
        return self.state / "unsaved"

    @property
    def record(self) -> Path:
        """Who serves, and where."""
        return self.path / "cloud.json"

    @property
    def lock(self) -> Path:
        """Locked by the server as long as it lives, however it ends."""
        return self.path / "lock"


def server_environment(
    folder: Folder, port: int, outside: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the whole environment of the server; MiniStack reads its settings from it when it is imported."""
    return {
        **{name: outside[name] for name in _INHERITED if name in outside},
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
        # The pool of the local cloud bounds the processes and lets calls wait; this limit, made from the size of the
        # memory, would turn them away before.
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
        # Nothing but our port listens, and no container is looked for.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder.temporary / 'no-docker.sock'}",
        "SAGEMAKER_PUBLISH_SECONDS": outside.get("SAGEMAKER_PUBLISH_SECONDS", _PUBLISH_SECONDS),
        # Seconds that serverless endpoints take to start.
        "SAGEMAKER_COLD_START_SECONDS": outside.get("SAGEMAKER_COLD_START_SECONDS", "0"),
        "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime reports to its makers as soon as it is imported
    }
