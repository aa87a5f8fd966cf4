"""Write a profile for the local cloud into the user's AWS config file, and remove it.

`aws --profile NAME` then works in any tool, and the environment of the shell stays as it is. The
profile stands between two comments, and only the lines between them change. The file is replaced
as a whole, so that no reader sees one half of it.

Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files" (a profile of the
config file may hold credentials) and "Service-specific endpoints" (`endpoint_url`).
"""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from localcloud.server.settings import ACCESS_KEY, REGION, SECRET_KEY

DEFAULT_NAME = "localcloud"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_BEGIN = "# begin {name}: written by `localcloud env --write-profile`\n"
_END = "# end {name}\n"
_PROFILE = """\
[profile {name}]
endpoint_url = {url}
region = {region}
aws_access_key_id = {access_key}
aws_secret_access_key = {secret_key}
disable_host_prefix_injection = true
cli_pager =
"""


class InvalidProfileNameError(Exception):
    """The name of the profile is invalid."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} is not a name for the profile. Use letters, digits, dots, hyphens and "
            "underscores, and another name than 'default'."
        )


class ProfileNotWrittenError(Exception):
    """The profile cannot be written or removed, and the file is unchanged."""


def config_file(outside: Mapping[str, str] = os.environ) -> Path:
    """Return the user's AWS config file.

    The environment of `env` hides the file behind /dev/null; it does not count here.
    """
    named = outside.get("AWS_CONFIG_FILE", "")
    return Path("~/.aws/config" if named in ("", os.devnull) else named).expanduser()


def credentials_file(outside: Mapping[str, str] = os.environ) -> Path:
    """Return the user's AWS credentials file, which is only read."""
    named = outside.get("AWS_SHARED_CREDENTIALS_FILE", "")
    return Path("~/.aws/credentials" if named in ("", os.devnull) else named).expanduser()


def write_profile(name: str, url: str, outside: Mapping[str, str] = os.environ) -> Path:
    """Write the profile, or replace the one that an earlier call wrote; return the file.

    Raises:
        InvalidProfileNameError: the name is invalid.
        ProfileNotWrittenError: the user has a profile of this name, or the file cannot be written.
    """
    _check_name(name)
    path = config_file(outside)
    before, own, after = _parts(_read(path), name, path)
    _refuse_other_profile(name, path, before + after, prefix=r"profile\s+")
    credentials = credentials_file(outside)
    _refuse_other_profile(name, credentials, _read(credentials), prefix="")

    profile = _PROFILE.format(
        name=name, url=url, region=REGION, access_key=ACCESS_KEY, secret_key=SECRET_KEY
    )
    if not own and before and not before.endswith("\n"):
        before += "\n"
    _replace(path, before + _BEGIN.format(name=name) + profile + _END.format(name=name) + after)

    return path


def remove_profile(name: str, outside: Mapping[str, str] = os.environ) -> Path | None:
    """Remove the profile of `write_profile`; return the file, or None if it has no such profile.

    Raises:
        InvalidProfileNameError: the name is invalid.
        ProfileNotWrittenError: lines that belong to the profile follow it, or the file cannot be
            written.
    """
    _check_name(name)
    path = config_file(outside)
    before, own, after = _parts(_read(path), name, path)
    if not own:
        return None

    _refuse_lines_behind(name, path, after)
    _replace(path, before + after)

    return path


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name == "default":
        raise InvalidProfileNameError(name)


def _parts(text: str, name: str, path: Path) -> tuple[str, str, str]:
    """Split a file into the text before the profile, the profile, and the text behind it."""
    begin = _BEGIN.format(name=name)
    end = _END.format(name=name)
    if text.count(begin) != text.count(end) or text.count(begin) > 1:
        raise ProfileNotWrittenError(
            f"The comments around the profile {name} in {path} are incomplete. "
            f"Remove the profile and its comments from the file, then repeat the command."
        )
    if begin not in text:
        return text, "", ""

    before, _, rest = text.partition(begin)
    own, _, after = rest.partition(end)

    return before, own, after


def _refuse_other_profile(name: str, path: Path, text: str, prefix: str) -> None:
    header = rf"(?m)^[ \t]*\[[ \t]*{prefix}[\"']?{re.escape(name)}[\"']?[ \t]*\]"
    if re.search(header, text):
        raise ProfileNotWrittenError(
            f"{path} already has a profile {name}, which this command did not write. "
            "Choose another name."
        )


def _refuse_lines_behind(name: str, path: Path, after: str) -> None:
    """Refuse a removal that would move settings of the profile into the one before it."""
    settings = (line.strip() for line in after.splitlines())
    first = next((line for line in settings if line and line[0] not in "#;"), "[")
    if not first.startswith("["):
        raise ProfileNotWrittenError(
            f"The setting {first!r} in {path} belongs to the profile {name}. "
            "Remove the setting, then repeat the command."
        )


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as exc:
        raise ProfileNotWrittenError(f"{path} cannot be read: {exc.strerror}.") from exc


def _replace(path: Path, text: str) -> None:
    """Replace a file at once, also behind a symbolic link; the permissions stay."""
    target = path.resolve()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".config-", dir=target.parent)
    except OSError as exc:
        raise ProfileNotWrittenError(f"{path} cannot be written: {exc.strerror}.") from exc

    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o7777)
        temporary.replace(target)
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise ProfileNotWrittenError(f"{path} cannot be written: {exc.strerror}.") from exc
