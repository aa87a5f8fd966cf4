"""Write and remove the profile of the local cloud in the user's AWS config file."""

import os
import stat
from pathlib import Path

import botocore.session
import pytest

from localcloud.server.aws_profile import (
    InvalidProfileNameError,
    ProfileNotWrittenError,
    config_file,
    remove_profile,
    write_profile,
)

URL = "http://127.0.0.1:4566"
USERS = """\
[default]
region = eu-central-1

# my work
[profile work]
sso_session = company
s3 =
    max_concurrent_requests = 5
"""


@pytest.fixture
def outside(tmp_path: Path) -> dict[str, str]:
    """An environment whose AWS files are in a folder of the test."""
    return {
        "AWS_CONFIG_FILE": str(tmp_path / "aws/config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "aws/credentials"),
    }


@pytest.fixture
def config(outside: dict[str, str]) -> Path:
    """The user's config file, with two profiles."""
    path = Path(outside["AWS_CONFIG_FILE"])
    path.parent.mkdir()
    path.write_text(USERS)
    path.chmod(0o640)
    return path


def session(
    outside: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> botocore.session.Session:
    """Return a session of botocore that reads the profile from these files alone."""
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    for variable, value in outside.items():
        monkeypatch.setenv(variable, value)
    return botocore.session.Session(profile=name)


def test_profile_leads_clients_to_the_local_cloud(
    outside: dict[str, str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_profile("localcloud", URL, outside)
    found = session(outside, monkeypatch, "localcloud")
    client = found.create_client("stepfunctions")
    assert URL == client.meta.endpoint_url
    assert "us-east-1" == client.meta.region_name
    credentials = found.get_credentials()
    assert credentials is not None
    assert "local" == credentials.access_key == credentials.secret_key
    assert client.meta.config.inject_host_prefix is False


def test_other_profiles_keep_their_settings(
    outside: dict[str, str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_profile("localcloud", URL, outside)
    work = session(outside, monkeypatch, "work").get_scoped_config()
    assert {"sso_session": "company", "s3": {"max_concurrent_requests": "5"}} == work
    assert config.read_text().startswith(USERS)


def test_removal_restores_the_file(outside: dict[str, str], config: Path) -> None:
    write_profile("localcloud", URL, outside)
    assert config == remove_profile("localcloud", outside)
    assert USERS == config.read_text()
    assert 0o640 == stat.S_IMODE(config.stat().st_mode)


def test_second_write_replaces_the_url(outside: dict[str, str], config: Path) -> None:
    write_profile("localcloud", URL, outside)
    config.write_text(config.read_text() + "[profile later]\nregion = eu-west-1\n")
    write_profile("localcloud", "http://127.0.0.1:4999", outside)
    text = config.read_text()
    assert URL not in text
    assert 1 == text.count("endpoint_url = http://127.0.0.1:4999")
    assert text.endswith("[profile later]\nregion = eu-west-1\n")


def test_file_is_created_for_its_user_only(outside: dict[str, str]) -> None:
    path = write_profile("localcloud", URL, outside)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
    assert [path] == list(path.parent.iterdir())


def test_last_line_without_a_line_break_stays_a_line(outside: dict[str, str], config: Path) -> None:
    config.write_text(USERS.rstrip("\n"))
    write_profile("localcloud", URL, outside)
    assert config.read_text().startswith(USERS)


def test_bytes_that_are_not_utf8_are_kept(outside: dict[str, str], config: Path) -> None:
    config.write_bytes(b"# caf\xe9\r\n[default]\r\nregion = eu-west-1\r\n")
    before = config.read_bytes()
    write_profile("localcloud", URL, outside)
    assert config.read_bytes().startswith(before)
    remove_profile("localcloud", outside)
    assert before == config.read_bytes()


def test_symbolic_link_is_kept(outside: dict[str, str], config: Path, tmp_path: Path) -> None:
    target = config.rename(tmp_path / "dotfiles")
    config.symlink_to(target)
    write_profile("localcloud", URL, outside)
    assert config.is_symlink()
    assert URL in target.read_text()


@pytest.mark.parametrize("header", ["[profile work]", '[ profile "work" ]', "[profile 'work']"])
def test_profile_of_the_user_is_not_replaced(
    outside: dict[str, str], config: Path, header: str
) -> None:
    config.write_text(f"{header}\nregion = eu-west-1\n")
    before = config.read_text()
    with pytest.raises(ProfileNotWrittenError, match=r"already has a profile work.*Choose another"):
        write_profile("work", URL, outside)
    assert before == config.read_text()


def test_profile_with_credentials_of_the_user_is_not_shadowed(
    outside: dict[str, str], config: Path
) -> None:
    credentials = Path(outside["AWS_SHARED_CREDENTIALS_FILE"])
    credentials.write_text("[work2]\naws_access_key_id = token\n")
    with pytest.raises(ProfileNotWrittenError, match="credentials already has a profile work2"):
        write_profile("work2", URL, outside)


def test_name_that_begins_like_another_is_free(outside: dict[str, str], config: Path) -> None:
    write_profile("wor", URL, outside)
    write_profile("work-2", URL, outside)
    remove_profile("wor", outside)
    remove_profile("work-2", outside)
    assert USERS == config.read_text()


def test_settings_behind_the_profile_stop_its_removal(
    outside: dict[str, str], config: Path
) -> None:
    write_profile("localcloud", URL, outside)
    config.write_text(config.read_text() + "\n# mine\noutput = json\n")
    before = config.read_text()
    with pytest.raises(ProfileNotWrittenError, match=r"'output = json'.*belongs to the profile"):
        remove_profile("localcloud", outside)
    assert before == config.read_text()


def test_profile_with_one_comment_left_is_not_touched(
    outside: dict[str, str], config: Path
) -> None:
    write_profile("localcloud", URL, outside)
    config.write_text(config.read_text().replace("# end localcloud\n", ""))
    before = config.read_text()
    with pytest.raises(ProfileNotWrittenError, match="are incomplete"):
        write_profile("localcloud", URL, outside)
    with pytest.raises(ProfileNotWrittenError, match="are incomplete"):
        remove_profile("localcloud", outside)
    assert before == config.read_text()


def test_removal_of_a_missing_profile_changes_nothing(
    outside: dict[str, str], config: Path
) -> None:
    assert remove_profile("localcloud", outside) is None
    assert USERS == config.read_text()


def test_file_that_cannot_be_replaced_is_kept_whole(
    outside: dict[str, str], config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ProfileNotWrittenError, match="No space left on device"):
        write_profile("localcloud", URL, outside)
    assert USERS == config.read_text()
    assert [config] == list(config.parent.iterdir())


@pytest.mark.parametrize("name", ["default", "", "two words", "a]b", "-x", "new\nline", "x" * 65])
def test_invalid_name_is_refused(outside: dict[str, str], name: str) -> None:
    with pytest.raises(InvalidProfileNameError, match="is not a name for the profile"):
        write_profile(name, URL, outside)


@pytest.mark.parametrize("hidden", ["", os.devnull])
def test_file_hidden_by_the_environment_of_env_is_that_of_the_home_folder(hidden: str) -> None:
    assert Path.home() / ".aws/config" == config_file({"AWS_CONFIG_FILE": hidden})
