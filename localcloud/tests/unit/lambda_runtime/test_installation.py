"""Install the Lambda environment with uv, from a wheel that the test makes."""

import hashlib
import platform
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcloud.lambda_runtime.installation import LambdaEnvironmentError, install, lambda_python
from localcloud.lambda_runtime.settings import UnsupportedSystemError

NAME = "awslambdaric-1.0-py3-none-any.whl"
INFO = "awslambdaric-1.0.dist-info"


@pytest.fixture(autouse=True)
def _offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep uv from the network and from this user's cache."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """Requirements of one wheel, which has the files of a valid environment."""
    wheel = tmp_path / NAME
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("awslambdaric/__init__.py", "")
        archive.writestr("runtime_client.cpython.so", "")
        archive.writestr(
            f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: awslambdaric\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{INFO}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{INFO}/RECORD", "")
    return write_requirements(
        tmp_path / "requirements.txt", wheel, hashlib.sha256(wheel.read_bytes()).hexdigest()
    )


def write_requirements(path: Path, wheel: Path, sha256: str) -> Path:
    path.write_text(f"awslambdaric @ {wheel.as_uri()} --hash=sha256:{sha256}\n")
    return path


def folders(data: Path) -> list[str]:
    return sorted(path.name for path in data.iterdir() if path.is_dir())


def test_first_use_installs_an_environment_with_the_pinned_packages(
    data: Path, requirements: Path
) -> None:
    python = install(data, print, requirements)
    printed = subprocess.check_output(
        [python, "-c", "import awslambdaric, sys; print(sys.prefix)"], text=True
    )
    assert f"{python.parents[1]}\n" == printed


def test_later_uses_install_nothing_and_say_nothing(data: Path, requirements: Path) -> None:
    said: list[str] = []
    first = install(data, said.append, requirements)
    assert first == install(data, said.append, requirements)
    assert [f"Installing the environment of Lambda functions in {first.parents[1]} (once)"] == said


def test_uses_at_the_same_time_install_once(data: Path, requirements: Path) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(4) as threads:
        pythons = list(threads.map(lambda _: install(data, said.append, requirements), range(4)))
    assert {lambda_python(data, requirements)} == set(pythons)
    assert 1 == len(said)


def test_failed_installation_leaves_nothing_that_is_used(
    data: Path, requirements: Path, tmp_path: Path
) -> None:
    write_requirements(requirements, tmp_path / NAME, "0" * 64)
    with pytest.raises(LambdaEnvironmentError, match="Hash mismatch"):
        install(data, print, requirements)
    assert not lambda_python(data, requirements).exists()


def test_package_without_a_hash_is_refused(data: Path, requirements: Path, tmp_path: Path) -> None:
    requirements.write_text(f"awslambdaric @ {(tmp_path / NAME).as_uri()}\n")
    with pytest.raises(LambdaEnvironmentError, match="hash"):
        install(data, print, requirements)


def test_interrupted_installation_starts_again(data: Path, requirements: Path) -> None:
    environment = lambda_python(data, requirements).parents[1]
    leftover = data / f"{environment.name}.partial" / "half-made"
    leftover.mkdir(parents=True)
    install(data, print, requirements)
    assert [environment.name] == folders(data)
    assert not (environment / "half-made").exists()


def test_environment_whose_python_is_gone_is_installed_again(
    data: Path, requirements: Path
) -> None:
    python = install(data, print, requirements)
    python.unlink()
    python.symlink_to(data / "no-such-python")
    assert install(data, print, requirements).exists()


def test_other_requirements_have_another_environment(data: Path, requirements: Path) -> None:
    first = lambda_python(data, requirements)
    requirements.write_text(f"# newer\n{requirements.read_text()}")
    assert first != lambda_python(data, requirements)


def test_missing_network_is_an_error_with_a_remedy(data: Path, requirements: Path) -> None:
    requirements.write_text(f"awslambdaric==4.2.2 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(
        LambdaEnvironmentError, match="Check the network and uv's settings"
    ) as failed:
        install(data, print, requirements)
    assert "disabled" in str(failed.value)  # uv's own message: network connectivity is disabled


def test_unwritable_folder_is_an_error_with_a_remedy(tmp_path: Path, requirements: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        LambdaEnvironmentError, match="Set LOCALCLOUD_DATA_DIR to a folder that you can write"
    ):
        install(tmp_path / "file" / "data", print, requirements)


def test_other_system_than_linux_is_refused_before_anything_is_written(
    data: Path, requirements: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    with pytest.raises(UnsupportedSystemError):
        install(data, print, requirements)
    assert not data.exists()
