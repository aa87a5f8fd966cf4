"""The sources have no known weakness, no secret, and no code that executes its input."""

import ast
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.test_architecture import sources
from tests.security.gate.templates import ROOT
from tests.security.linters import run_tool

PACKAGES = (
    *(
        "algorithm",
        "benchmarks",
        "cli",
        "documents",
        "examples",
        "functions",
        "layers",
        "localcloud",
    ),
    *("operations", "scones", "training", "untrusted"),
)
# Formats that execute their content. One module reads pickles, without looking up their names.
RUNS_WHAT_IT_READS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
READS_SAFELY = "training/dataset/inert_pickle.py"
# Archives are read by one package; the tests' own tools fetch some, too.
FETCHES = ("tests/pages", "tests/images")
READS_ARCHIVES = "untrusted/zip.py"
ARCHIVES = {"tarfile", "zipfile"}
OPENS = {"open", "TarFile", "ZipFile", "PyZipFile", "Path"}
# Harmless text that looks like a secret: digests of public files, sample events, test values.
NO_SECRETS = {
    "--exclude-lines": r"""(?x) sha256(:|.*")[0-9a-f]{64}" | SHA256\ =\ "[0-9a-f]{64}"
        | \.(png|json)":\ "[0-9a-f]{64}"
        | "(image_data|version|version-id|etag|sequencer)\\?":\ ?\\?" """,
    "--exclude-secrets": r"""(?x) ^(local | token | f/1 | 0123456789abcdef0123456789abcdef
        | 53995c3f42cd8ad8
        | "?7bdf6c34ac83a783ee4716aba08e3b7a"? | xN0hS2kDq7VbYt3mR9cLw5PzE1uJf8Ga
        | 900150983cd24fb0d6963f7d28e17f72 | Invalid\ token)$""",
}


def secrets_in(files: list[str], folder: Path = ROOT) -> set[tuple[str, str]]:
    """Return file and kind of everything that looks like a secret."""
    # Not verified: that would send them to the services that they may be keys of.
    options = [argument for option in NO_SECRETS.items() for argument in option]
    ended = run_tool("detect-secrets", "scan", "--no-verify", *options, *files, cwd=folder)
    assert 0 == ended.returncode, ended.stderr
    return {
        (name, one["type"])
        for name, found in json.loads(ended.stdout)["results"].items()
        for one in found
    }


def text_files() -> list[str]:
    """Return all committed text files, except lock files, which are full of digests."""
    lock_files = (
        ":!requirements/*.txt",
        ":!functions/*/requirements.txt",
        ":!localcloud/lambda_runtime/requirements.txt",
        ":!localcloud/sagemaker/scikit_learn/requirements.txt",
        ":!training/jobs/container_wheels.txt",
    )
    listing = subprocess.run(
        ["git", "grep", "-lI", "", "--", ".", *lock_files, ":!*.onnx"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return listing.stdout.splitlines()


def unsafe_reads(source: str) -> Iterator[str]:
    """Yield every way in which a module could execute its input."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (
                    one.name for one in names if one.name.split(".")[0] in RUNS_WHAT_IT_READS
                )
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in RUNS_WHAT_IT_READS:
                yield module
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="torch"), attr="load"), keywords=words
            ):
                if not any(
                    word.arg == "weights_only" and is_constant(word.value, True) for word in words
                ):
                    yield "torch.load"
            case ast.keyword(arg="allow_pickle", value=value) if not is_constant(value, False):
                yield "allow_pickle"
            case ast.Attribute(
                attr="unsafe_load" | "full_load" | "UnsafeLoader" | "FullLoader" as name
            ):
                yield name


def archive_reads(source: str) -> Iterator[str]:
    """Every way in which a module could read an archive without the rules of `untrusted`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (
                    f"{one.name} as {one.asname}"
                    for one in names
                    if one.name in ARCHIVES and one.asname
                )
            case ast.ImportFrom(module="tarfile" | "zipfile" as module):
                yield f"from {module}"
            case (
                ast.Call(
                    func=ast.Attribute(value=ast.Name(id="tarfile" | "zipfile"), attr=name)
                ) as call
            ):
                mode = [word.value for word in call.keywords if word.arg == "mode"] or call.args[
                    1:2
                ]
                if name in OPENS and not any(
                    isinstance(m, ast.Constant) and str(m.value)[:1] == "w" for m in mode
                ):
                    yield name
            case ast.Attribute(attr="extractall" | "unpack_archive" as name):
                yield name
            case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="load"):
                yield "np.load"


def is_constant(node: ast.expr, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def test_bandit_finds_nothing() -> None:
    # From medium severity; ruff's S rules judge low severity line by line.
    ended = run_tool("bandit", "-q", "-ll", "-x", "*/tests/*", "-r", *PACKAGES)
    assert 0 == ended.returncode, ended.stdout + ended.stderr


def test_no_secret_is_committed() -> None:
    assert set() == secrets_in(text_files())


def test_no_file_names_a_package_registry() -> None:
    # Put together here, so that this file names none. Installers know their own registry.
    registries = [
        f"{host}.{domain}"
        for host, domain in (("pypi", "org"), ("npmjs", "org"), ("pythonhosted", "org"))
    ]
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in text_files()}
    assert [] == [
        name for name, text in texts.items() if any(registry in text for registry in registries)
    ]


def test_planted_secrets_are_found(tmp_path: Path) -> None:
    # Put together here, so that this file holds no secret.
    key_name = "aws_secret" + "_access_key"
    header = f"-----BEGIN {'RSA'} PRIVATE KEY-----"
    planted = {
        "aws.py": f'key = "{"AKIA" + "Z7QW3XN5RT2LM8KD"}"\n',
        "secret.env": f"{key_name} = wJalrXUtnFEMI/K7MDENG{'/bPxRfiCYzQ4r8sT2vN6'}\n",
        "key.pem": f"{header}\nMIIEowIBAAKCAQEA1c7+9z5Pad7OejecsQ0buVKy\n",
        "url.md": f"See https://deploy:{'Zk4q' + '9Lm2'}@db.internal.net/x\n",
        "settings.yml": f"github: ghp_{'x7Kq2mB9' * 4 + 'aZ3w'}\n",
    }
    for name, text in planted.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert planted.keys() == {name for name, _ in secrets_in(sorted(planted), tmp_path)}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_runs_content_that_it_reads(package: str) -> None:
    modules = sources(package)
    unsafe = {
        path.relative_to(ROOT).as_posix(): list(unsafe_reads(path.read_text(encoding="utf-8")))
        for path in modules
    }
    assert {} == {name: found for name, found in unsafe.items() if found and name != READS_SAFELY}


@pytest.mark.parametrize("package", [*PACKAGES, *FETCHES])
def test_archives_are_read_by_the_rules_of_one_package(package: str) -> None:
    modules = sources(package)
    reads = {
        path.relative_to(ROOT).as_posix(): list(archive_reads(path.read_text(encoding="utf-8")))
        for path in modules
    }
    assert {} == {name: found for name, found in reads.items() if found and name != READS_ARCHIVES}


@pytest.mark.parametrize(
    "source",
    [
        "import tarfile as t",
        "from zipfile import ZipFile",
        "tarfile.open(path)",
        "tarfile.open(fileobj=stream, mode='r|gz')",
        "tarfile.TarFile(path)",
        "zipfile.ZipFile(path)",
        "zipfile.Path(path)",
        "archive.extractall(folder)",
        "shutil.unpack_archive(path)",
        "np.load(path, allow_pickle=False)",
    ],
)
def test_another_way_to_read_an_archive_is_seen(source: str) -> None:
    assert any(archive_reads(source))


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "torch.load(path)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=given)",
        "yaml.load(text, yaml.FullLoader)",
    ],
)
def test_code_that_runs_read_content_is_found(source: str) -> None:
    assert any(unsafe_reads(source))
