"""Make Python environments of pinned packages with uv, on first use.

An environment is made beside its place and then renamed: an interrupted installation leaves an
unused folder only. Its folder's name has the digest of its requirements, so that other requirements
have another environment.
"""

import fcntl
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import uv

from untrusted.terminal import SeveralLinesError

_DIGEST_CHARACTERS = 12
_LINES_OF_UV = 12  # lines of uv's output in an error message
# Where version managers keep interpreters, below the home folder. Their commands on the PATH
# ("shims") run only the versions that the current folder selects.
_VERSION_MANAGERS = (
    ".pyenv/versions/{}*/bin",
    ".local/share/mise/installs/python/{}*/bin",
    ".asdf/installs/python/{}*/bin",
)
# The server of the local cloud keeps these variables of its user for installations, as JSON.
INSTALLATION_VARIABLES = "LOCALCLOUD_INSTALLATION_VARIABLES"
_OF_INSTALLATIONS = re.compile(r"(UV|SSL)_[A-Z_]+|((ALL|HTTPS?|NO)_PROXY)", re.IGNORECASE)


class PythonMissingError(SeveralLinesError):
    """Install the named version of Python: no interpreter of it was found."""


@dataclass(frozen=True)
class PythonEnvironment:
    """An environment with the packages of a requirements file and no others.

    Args:
        title: Its name in messages, as "the environment of Lambda functions".
        folder: Its place without the digest.
        requirements: Pinned packages with their hashes.
        is_complete: Returns whether an interpreter has what the environment is for.
        error: The error of a failed installation.
    """

    title: str
    folder: Path
    requirements: Path
    is_complete: Callable[[Path], bool]
    error: type[SeveralLinesError]

    @property
    def python(self) -> Path:
        """Return the path of its interpreter, which may not exist yet."""
        content = self.requirements.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:_DIGEST_CHARACTERS]
        return self.folder.with_name(f"{self.folder.name}-{digest}") / "bin" / "python"

    def install(self, base: Callable[[], Path], report: Callable[[str], None]) -> Path:
        """Install the environment if it is missing, and return its interpreter.

        Processes that call this at the same time install it once: the others wait.

        Args:
            base: Returns the interpreter that the environment is made with.
            report: Called with one line before an installation.

        Raises:
            SeveralLinesError: `error`: the packages could not be fetched, or the folder could not
                be written.
        """
        python = self.python
        if self.is_complete(python):
            return python
        place = python.parents[1]
        try:
            with _locked(self.folder.parent) as lock:
                if not self.is_complete(python):
                    report(f"Installing {self.title} in {place} (once)")
                    self._make(place, base(), lock)
        except OSError as exc:
            raise self.error(
                f"{self._sentence_start} could not be installed in {place} ({exc.strerror}).",
                "Set LOCALCLOUD_DATA_DIR to a folder that you can write.",
            ) from exc

        return python

    def _make(self, place: Path, base: Path, lock: int) -> None:
        partial = place.with_name(f"{place.name}.partial")
        # Left by an interrupted installation, or by a Python that was removed.
        for leftover in (place, partial):
            rmtree(leftover, ignore_errors=True)
        self._run_uv(
            ["venv", "--no-project", "--relocatable", "--python", str(base), str(partial)],
            place,
            lock,
        )
        packages = ["--require-hashes", "--python", str(partial), str(self.requirements)]
        self._run_uv(["pip", "sync", *packages], place, lock)
        partial.rename(place)

    def _run_uv(self, arguments: list[str], place: Path, lock: int) -> None:
        # uv inherits the lock: if this process is killed, the next one starts after uv has ended.
        command = [uv.find_uv_bin(), "--quiet", *arguments]
        ended = subprocess.run(
            command,
            env={**os.environ, **json.loads(os.environ.get(INSTALLATION_VARIABLES, "{}"))},
            capture_output=True,
            check=False,
            text=True,
            pass_fds=[lock],
        )
        if ended.returncode != 0:
            printed = [line for line in ended.stderr.splitlines() if line.strip()]
            raise self.error(
                f"{self._sentence_start} could not be installed in {place}. uv says:",
                *(f"  {line}" for line in printed[:_LINES_OF_UV]),
                "It is installed once, from the package index. "
                "Check the network and uv's settings, and try again.",
            )

    @property
    def _sentence_start(self) -> str:
        return self.title[:1].upper() + self.title[1:]


def installation_variables(outside: Mapping[str, str]) -> str:
    """Return the settings of uv, certificates and proxies among these variables, as JSON."""
    return json.dumps(
        {name: value for name, value in outside.items() if _OF_INSTALLATIONS.fullmatch(name)}
    )


def find_python(version: str, home: Path | None = None) -> Path:
    """Return an installed interpreter of a version, as "3.12". Nothing is downloaded.

    Raises:
        PythonMissingError: The version is not installed.
    """
    home = home or Path.home()
    managed = [
        str(folder)
        for pattern in _VERSION_MANAGERS
        for folder in sorted(home.glob(pattern.format(f"{version}.")), reverse=True)
    ]
    on_path = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if Path(folder).name != "shims"
    ]
    found = subprocess.run(
        [uv.find_uv_bin(), "python", "find", "--no-project", "--no-config", version],
        # A file .python-version of the current folder would choose another version.
        cwd="/",
        env={
            **os.environ,
            "PATH": os.pathsep.join([*managed, *on_path]),
            "UV_PYTHON_DOWNLOADS": "never",
        },
        capture_output=True,
        check=False,
        text=True,
    )
    if found.returncode != 0:
        raise PythonMissingError(
            f"Python {version} is needed and is not installed.",
            f"Install it (https://www.python.org/downloads/, or `uv python install {version}`), "
            "and run the same command again.",
        )

    return Path(found.stdout.strip())


@contextmanager
def _locked(data_folder: Path) -> Iterator[int]:
    data_folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data_folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
