"""What can follow on a command line, and the command that prints the script of a shell."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from mocksms.cli.completion import COMPLETE, SHELLS, Candidate, Completion, complete
from mocksms.cli.main import COMMANDS, UNUSABLE, main
from mocksms.cli.options import ValueKind
from mocksms.scenario.library import Library
from mocksms.settings import OPTIONS, flag_name
from mocksms.sms.message import Status
from mocksms.web.guide import read_pages

SCENARIOS = [scenario.name for scenario in Library().all()]


def words_at(*words: str) -> list[str]:
    return [candidate.word for candidate in complete(words, COMMANDS).candidates]


def test_first_word_is_a_command() -> None:
    commands = [Candidate(name, command.about) for name, command in COMMANDS.items()]
    assert complete([""], COMMANDS).candidates == complete([], COMMANDS).candidates == commands
    assert words_at("sch") == ["schema"]
    assert words_at("zzz") == words_at("zzz", "") == []


def test_every_option_is_completed_with_its_help() -> None:
    found = dict(complete(["--"], COMMANDS).candidates)
    assert {flag_name(name) for name in OPTIONS} | {"--help", "--version"} == found.keys()
    assert found["--magic-prefix"] == "first digits of all magic numbers (default 97250000)"
    assert words_at("serve", "--") == words_at("--")


@pytest.mark.parametrize("name", COMMANDS)
def test_options_of_a_command_are_those_of_its_help(name: str) -> None:
    in_help = {
        each.option_strings[-1]
        for each in COMMANDS[name].parser().arguments
        if each.option_strings and each.help != argparse.SUPPRESS
    }
    assert {*words_at(name, "--")} == in_help


def test_option_that_the_help_leaves_out_follows_where_no_other_fits() -> None:
    assert words_at("compare", "--kosher-p") == ["--kosher-prefix"]
    assert "--kosher-prefix" not in words_at("compare", "--")


def test_option_is_completed_once_and_that_of_a_list_again() -> None:
    assert words_at("--port", "80", "--port") == words_at("--port=80", "--port") == []
    assert words_at("--webhook", "http://a", "--webhook-al") == ["--webhook-allow"]
    assert words_at("--webhook-allow", "a", "--webhook-al") == ["--webhook-allow"]
    assert words_at("numbers", "--json", "--js") == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--auth-errors", ""], ["documented", "observed"]),
        (["--auth-errors", "o"], ["observed"]),
        (["--auth-errors=o"], ["--auth-errors=observed"]),
        (["serve", "--strict", ""], ["true", "false"]),
        (["--strict=f"], ["--strict=false"]),
        (["--strict", "--gatew"], ["--gateway"]),
        (["--strict", "--gateway", "f"], ["false"]),
        (["--port", ""], []),
        (["--port="], []),
        (["--zzz="], []),
        (["check", "--zzz", "cha"], ["chaos"]),
        (["--quiet=true", "--log-format", "j"], ["json"]),
        (["numbers", "--json="], []),
        (["numbers", ""], []),
        (["wait", "--status", ""], [*Status]),
        (["wait", "--reject-reason", "kosher"], ["kosher-number"]),
        (["wait", "--count", ""], []),
        (["tail", "--request-refused", ""], ["true", "false"]),
        (["completion", ""], [*SHELLS]),
        (["completion", "bash", ""], []),
        (["guide", "web"], ["web-ui", "webhooks"]),
        (["guide", "webhooks", ""], []),
        (["scenarios", ""], ["show", "from"]),
        (["scenarios", "show", ""], SCENARIOS),
        (["scenarios", "--json", "show", "cha"], ["chaos"]),
        (["scenarios", "show", "chaos", ""], []),
        (["check", "--", "--"], []),
        (["check", "--", "cha"], ["chaos"]),
    ],
    ids=" ".join,
)
def test_value_is_one_of_those_known(words: list[str], expected: list[str]) -> None:
    assert words_at(*words) == expected


def test_page_of_the_guide_has_its_summary() -> None:
    assert complete(["guide", "pytest-m"], COMMANDS).candidates == [
        Candidate("pytest-more", read_pages()["pytest-more"].summary)
    ]


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (["--state", ""], ValueKind.FILES),
        (["--state=a"], ValueKind.FILES),
        (["--scenario", ""], ValueKind.FILES),
        (["check", ""], ValueKind.FILES),
        (["check", "--against", ""], ValueKind.FILES),
        (["open", ""], ValueKind.FILES),
        (["report", "a", "-o", ""], ValueKind.FILES),
        (["report", "a", "b"], ValueKind.FILES),
        (["scenarios", "from", ""], ValueKind.FILES),
        (["scenarios", "show", ""], None),
        (["--scenario-folder", ""], ValueKind.FOLDERS),
        (["compare", "--save", ""], ValueKind.FOLDERS),
        (["compare", "--recorded", ""], ValueKind.FOLDERS),
        (["open", "a", ""], None),
        (["--host", ""], None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_value_is_a_path(words: list[str], paths: ValueKind | None) -> None:
    assert complete(words, COMMANDS).paths == paths


def test_scenarios_are_those_of_the_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my own.toml").touch()
    assert words_at("--scenario-folder", str(tmp_path), "--scenario", "my") == ["my own"]
    assert words_at("scenarios", f"--scenario-folder={tmp_path}", "show", "my") == ["my own"]
    assert words_at("scenarios", "show", "my") == []
    monkeypatch.setenv("MOCKSMS_SCENARIO_FOLDER", str(tmp_path))
    assert words_at("check", "my") == ["my own"]


def test_text_has_a_line_per_word_and_says_which_paths() -> None:
    found = Completion([Candidate("a\tb"), Candidate("c", "d\ne")], ValueKind.FOLDERS)
    assert found.text == "a\\tb\nc\td\\ne\n:folders\n"
    assert Completion().text == ":none\n"


def test_command_of_the_scripts_completes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([COMPLETE, "numbers", "--j"]) == 0
    assert capsys.readouterr().out == "--json\tprint the list as JSON\n:none\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_script_of_a_shell_is_printed(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert main(["completion", shell]) == 0
    printed = capsys.readouterr().out
    assert f"mocksms completion {shell}" in printed.partition("\n\n")[0]
    assert f" {COMPLETE} " in printed


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "The shell is missing; the shells are bash, zsh, fish.\n"),
        (["zhs"], "Unknown shell 'zhs'; did you mean zsh?\n"),
        (["powershell"], "Unknown shell 'powershell'; the shells are bash, zsh, fish.\n"),
    ],
)
def test_unknown_shell_is_an_error(capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str) -> None:
    assert main(["completion", *arguments]) == UNUSABLE
    assert capsys.readouterr().err == f"mocksms: {problem}"
