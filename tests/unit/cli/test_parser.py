"""The global options, and suggestions for mistyped words."""

import argparse

import pytest

from cli.parser import DEFAULTS, Parser, add_global_arguments, parse


def refuse(_text: str) -> str:
    raise argparse.ArgumentTypeError("give a date.")


def make() -> Parser:
    parser = Parser(prog="tool")
    add_global_arguments(parser)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser)
    train = commands.add_parser("train")
    train.add_argument("--epochs")
    train.add_argument("--since", type=refuse)
    train.add_argument("--optimizer", choices=("sgd", "adam"))
    add_global_arguments(train)
    threshold = commands.add_parser("threshold")
    threshold.add_argument("--precision", required=True)
    add_global_arguments(threshold)
    return parser


@pytest.mark.parametrize(
    "words",
    [
        ["--region", "eu-west-1", "--json", "train"],
        ["train", "--region", "eu-west-1", "--json"],
        ["--json", "train", "--region=eu-west-1"],
        ["--region", "us-east-1", "--json", "train", "--region", "eu-west-1"],
    ],
)
def test_global_options_stand_before_or_after_the_command(words: list[str]) -> None:
    options = parse(make(), words)
    assert "eu-west-1" == options.region
    assert options.json is True


def test_options_that_are_not_given_have_their_defaults() -> None:
    options = parse(make(), ["train"])
    assert DEFAULTS == {name: getattr(options, name) for name in DEFAULTS}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], "tool: 'trian' is not a command. Did you mean train?"),
        (["fly"], "tool: 'fly' is not a command.\n"),
        (["train", "--epoch", "3"], "arguments: --epoch 3. Did you mean --epochs?"),
        (["train", "--regoin", "x"], "Did you mean --region?"),
        (["--jsom", "train"], "Did you mean --json?"),
        (["threshold", "--precison", "0.9"], "Did you mean --precision?"),
        (["threshold"], "the following arguments are required: --precision.\n"),
        (["train", "--optimizer", "adm"], "Did you mean adam?"),
        (["train", "--e"], "unrecognized arguments: --e."),
        (["train", "--since", "x"], "train: argument --since: give a date.\n"),
    ],
)
def test_mistyped_word_is_refused_with_the_nearest_one(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        make().parse_args(words)
    assert 2 == ended.value.code
    assert message in capsys.readouterr().err


def test_message_of_an_unknown_word_shows_control_characters_as_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        make().parse_args(["train", "--x\x1b[2J"])
    assert "\x1b" not in capsys.readouterr().err


def test_version_names_tool_ministack_and_boto3(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        make().parse_args(["train", "--version"])
    assert 0 == ended.value.code
    shown = capsys.readouterr().out
    assert shown.startswith("scones 0.")
    assert "MiniStack 1." in shown
    assert "boto3 1." in shown
