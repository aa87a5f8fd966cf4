"""Point every AWS client at the local cloud with variables, and remove them again."""

import subprocess

from localcloud.server.client_environment import (
    client_environment,
    foreign_variables,
    shell_commands,
    unset_commands,
)

URL = "http://127.0.0.1:4566"


def _after_eval(commands: list[str], *names: str, **outside: str) -> list[str]:
    """Return variables after a shell evaluated the commands; "-" stands for a missing one."""
    echoes = [f'echo "${{{name}--}}"' for name in names]
    output = subprocess.run(
        ["sh", "-euc", "\n".join([*commands, *echoes])],
        env=outside,
        capture_output=True,
        check=True,
        text=True,
    )
    return output.stdout.splitlines()


def test_shell_commands_set_url_and_credentials() -> None:
    names = (
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    )
    assert [URL, "local", "local", "us-east-1", "us-east-1"] == _after_eval(
        shell_commands(URL, {}), *names
    )


def test_shell_commands_set_an_empty_pager() -> None:
    assert [""] == _after_eval(shell_commands(URL, {}), "AWS_PAGER")


def test_shell_commands_unset_variables_of_other_accounts() -> None:
    outside = {
        "AWS_PROFILE": "work",
        "AWS_SESSION_TOKEN": "token",
        "AWS_ENDPOINT_URL_S3": "https://elsewhere",
    }
    assert ["-", "-", "-"] == _after_eval(shell_commands(URL, outside), *outside, **outside)


def test_shell_commands_quote_special_characters() -> None:
    outside = {"HTTP_PROXY": "http://proxy", "NO_PROXY": "a b;$(touch x)'"}
    assert ["a b;$(touch x)',127.0.0.1"] == _after_eval(
        shell_commands(URL, outside), "NO_PROXY", **outside
    )


def test_client_environment_without_proxy_does_not_set_no_proxy() -> None:
    assert "NO_PROXY" not in client_environment(URL, {"NO_PROXY": "example.com"})


def test_client_environment_with_proxy_bypasses_it() -> None:
    environment = client_environment(URL, {"https_proxy": "http://proxy:3128"})
    assert "127.0.0.1" == environment["NO_PROXY"]
    assert "127.0.0.1" == environment["no_proxy"]


def test_foreign_variables_are_those_of_other_accounts_and_endpoints() -> None:
    outside = {"AWS_ENDPOINT_URL_SQS": "x", "AWS_PROFILE": "x", "AWS_REGION": "x", "PATH": "x"}
    assert ["AWS_ENDPOINT_URL_SQS", "AWS_PROFILE"] == foreign_variables(outside)


def _unset(outside: dict[str, str]) -> dict[str, str]:
    """Return the variables that are left of these after a shell evaluated the commands."""
    names = list(outside)
    values = _after_eval(unset_commands(outside), *names, **outside)
    return {name: value for name, value in zip(names, values, strict=True) if value != "-"}


def test_unset_removes_every_variable_of_the_local_cloud() -> None:
    assert {} == _unset(client_environment(URL, {}))


def test_unset_keeps_the_other_folders_of_the_python_path() -> None:
    outside = client_environment(URL, {"PYTHONPATH": "/one:/two"})
    assert {"PYTHONPATH": "/one:/two"} == _unset(outside)


def test_unset_keeps_values_that_are_not_of_the_local_cloud() -> None:
    changed = {"AWS_REGION": "eu-west-1", "AWS_SECRET_ACCESS_KEY": "token"}
    assert changed == _unset(client_environment(URL, {}) | changed)


def test_unset_in_a_shell_of_another_account_keeps_its_variables() -> None:
    work = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "token",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "https://example.com",
    }
    assert work == _unset(work)
