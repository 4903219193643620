"""The command `mocksms wait`: waits until messages match, and prints them."""

from __future__ import annotations

from http import HTTPStatus

from mocksms.cli.options import ADDRESS, URL_HELP, Parser, read_seconds, read_settings, running_mock, usage_error
from mocksms.cli.output import complain, echo
from mocksms.cli.query_options import QueryOptions
from mocksms.errors import MockRefused, MockUnreachable

TIMED_OUT = 1
"""Exit code if too few messages match in time."""


def wait_parser() -> Parser:
    """Return the parser of the command."""
    options = _filters()
    parser = Parser(
        prog="mocksms wait",
        description="Wait until messages match, and print them, the oldest first. Messages that came before the "
        "command count.",
        epilog="Exit code 1: too few messages matched in time; standard error has the explanation.",
    )
    parser.add_argument("--url", help=URL_HELP)
    parser.add_argument("--json", action="store_true", help="print each message as a line of JSON")
    options.add_to(parser)
    return parser.with_settings((*ADDRESS, "control_token"), options.hidden)


def wait(arguments: list[str]) -> int:
    """Wait until messages match, and print them, the oldest first; return 1 if too few match in time."""
    settings, parsed = read_settings(wait_parser(), arguments)
    options = _filters()
    query = options.values(parsed)

    from mocksms.cli.rows import RowLines
    from mocksms.inspection.messages import WaitQuery
    from mocksms.schemas.explanations import Explanation
    from mocksms.testing.client import REQUEST_SECONDS, MockClient

    seconds = read_seconds("--timeout", query.get("timeout", f"{WaitQuery().timeout}"))
    try:
        client = MockClient(running_mock(settings, parsed), settings.control_token)
        lines = RowLines(client, as_json=parsed.json)
        query["timeout"] = f"{seconds:g}"
        found = client.request("GET", "messages/wait", read_timeout=seconds + REQUEST_SECONDS, **query)
        text = "".join(f"{lines.message(row)}\n" for row in reversed(found["messages"]))
    except MockRefused as error:
        if error.status != HTTPStatus.REQUEST_TIMEOUT or not error.explanation:
            raise options.error(error) from error
        complain(Explanation.model_validate(error.explanation).text)
        return TIMED_OUT
    except (MockUnreachable, ValueError) as error:
        raise usage_error(error) from error
    echo(text)
    return 0


def _filters() -> QueryOptions:
    from mocksms.inspection.messages import WaitQuery

    return QueryOptions(WaitQuery)
