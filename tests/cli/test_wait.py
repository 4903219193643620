"""`mocksms wait`: prints the messages that match, or why there are too few."""

from __future__ import annotations

import json

import pytest

from mocksms.cli.main import UNUSABLE, main
from mocksms.cli.wait import TIMED_OUT
from mocksms.settings import Settings
from tests.support import KEY, NUMBER, Mock, running

Captured = pytest.CaptureFixture[str]


def test_messages_that_match_are_printed(own_mock: Mock, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    for content in ("first", "second", "third"):
        own_mock.send(NUMBER, content=content, tags=[content])
    arguments = ["wait", "--url", own_mock.url, "--to", NUMBER, "--account", KEY, "--count", "2"]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[25:46].split() for line in lines] == [[NUMBER, "sent"]] * 2
    assert [line.split('"')[1] for line in lines] == ["second", "third"]
    assert lines[0].endswith("[key-…]")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(arguments) == 0
    assert capsys.readouterr().out == "".join(f"{line}\n" for line in lines).replace(" sent ", " \x1b[32msent\x1b[0m ")
    assert main(["wait", "--url", own_mock.url, "--tag", "first", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["event"], row["content"], row["number"]) == ("message", "first", "972541111111")


def test_missing_message_is_explained(own_mock: Mock, capsys: Captured) -> None:
    own_mock.send("972-54-1111112")
    assert main(["wait", "--url", own_mock.url, "--to", NUMBER, "--timeout", "10ms"]) == TIMED_OUT
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"mocksms: no SMS to {NUMBER} within 0.01 s: 1 SMS in all accounts\n")
    assert '^ expected "972-54-1111111"' in printed.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--timeout", "soon"], "--timeout is 'soon', but must be"),
        (["--timeout", "301s"], "--timeout must be at most 300;"),
        (["--count", "0"], "--count must be at least 1;"),
        (["--status", "sentt"], "--status must be one of"),
        (["--since", "999"], "Unknown cursor 999."),
        (["--nope"], "Unknown option --nope; see mocksms wait --help."),
        (["--reject-raeson", "bounced"], "Unknown option --reject-raeson; did you mean --reject-reason?"),
    ],
)
def test_invalid_option_is_named(own_mock: Mock, capsys: Captured, arguments: list[str], problem: str) -> None:
    assert main(["wait", "--url", own_mock.url, *arguments]) == UNUSABLE
    assert capsys.readouterr().err.startswith(f"mocksms: {problem}")


def test_token_is_needed_where_the_mock_has_one(capsys: Captured) -> None:
    with running(Settings(port=0, control_token="open")) as mock:
        for command in ("wait", "tail"):
            assert main([command, "--url", mock.url]) == UNUSABLE
            assert "control token" in capsys.readouterr().err
        mock.send(NUMBER)
        assert main(["wait", "--url", mock.url, "--control-token", "open", "--sender", "none", "--timeout", "0"]) == 1
    assert main(["wait", "--url", mock.url]) == UNUSABLE


def test_options_are_the_parameters_of_the_api(capsys: Captured) -> None:
    from mocksms.inspection.messages import WaitQuery

    with pytest.raises(SystemExit):
        main(["wait", "--help"])
    printed = capsys.readouterr().out
    assert [name for name in WaitQuery.model_fields if f"--{name.replace('_', '-')} " not in printed] == []
    assert "X-API-Key" not in printed
