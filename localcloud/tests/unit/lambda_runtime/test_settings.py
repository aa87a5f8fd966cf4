import platform
from pathlib import Path

import pytest

from localcloud.lambda_runtime.settings import (
    PoolSettings,
    RuntimeMissingError,
    UnsupportedSystemError,
    require_runtime,
)


def test_installed_runtime_is_accepted(settings: PoolSettings) -> None:
    require_runtime(settings.python)


def test_missing_runtime_names_the_folder_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        RuntimeMissingError, match=f"{tmp_path}/bin/python .*`python -m localcloud prepare`"
    ):
        require_runtime(tmp_path / "bin/python")


def test_runtime_without_the_client_of_aws_is_missing(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    with pytest.raises(RuntimeMissingError):
        require_runtime(tmp_path / "bin/python")


def test_other_system_than_linux_is_named(
    settings: PoolSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    with pytest.raises(UnsupportedSystemError, match="no wheel for Darwin"):
        require_runtime(settings.python)
