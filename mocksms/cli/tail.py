"""The command `mocksms tail`: follows the messages and requests of a running mock."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import urlencode

from mocksms.cli.options import ADDRESS, URL_HELP, Parser, read_settings, running_mock, usage_error
from mocksms.cli.query_options import QueryOptions
from mocksms.errors import MockUnreachable

REQUEST_PREFIX: Final = "request_"
"""What the names of filters for requests start with: `--status` is that of a message, `--request-status` of HTTP."""

SHARED: Final = frozenset({"account", "since"})
"""The parameters for messages and requests."""


class TailFilters(NamedTuple):
    """The options of the command that are parameters of the inspection API."""

    shared: QueryOptions
    messages: QueryOptions
    requests: QueryOptions


def tail_parser() -> Parser:
    """Return the parser of the command."""
    filters = _filters()
    parser = Parser(
        prog="mocksms tail",
        description="Follow the messages and requests of a running mock, one line each. A message has a line for each "
        "step. With filters for messages alone there are no requests, and the other way round.",
    )
    parser.add_argument("--url", help=URL_HELP)
    parser.add_argument("--json", action="store_true", help="print lines of JSON")
    for options in filters:
        options.add_to(parser)
    return parser.with_settings((*ADDRESS, "control_token"), filters.messages.hidden)


def tail(arguments: list[str]) -> int:
    """Follow messages and requests until Ctrl+C, or until nothing reads the output."""
    settings, parsed = read_settings(tail_parser(), arguments)
    filters = _filters()
    common, of_messages, of_requests = (options.values(parsed) for options in filters)
    since = common.pop("since", None)

    from mocksms.cli.event_stream import EventStream
    from mocksms.cli.follow import MessageSource, RequestSource, follow
    from mocksms.cli.rows import RowLines
    from mocksms.testing.client import MockClient

    url = running_mock(settings, parsed)
    try:
        client = MockClient(url, settings.control_token)
        stream = EventStream(url, settings.control_token, f"/_mock/events?{urlencode(common)}")
        lines = RowLines(client, as_json=parsed.json)
        sources = [
            MessageSource(client, {**common, **of_messages}, lines, filters.messages),
            RequestSource(client, {**common, **of_requests}, lines, filters.requests),
        ]
        chosen = [source for source, own in zip(sources, (of_messages, of_requests), strict=True) if own] or sources
        return follow(stream, chosen, since, filters.shared)
    except (MockUnreachable, ValueError) as error:
        raise usage_error(error) from error


def _filters() -> TailFilters:
    from mocksms.inspection.messages import MessagesQuery
    from mocksms.inspection.models import PageQuery
    from mocksms.inspection.requests import RequestsQuery

    return TailFilters(
        shared=QueryOptions(MessagesQuery, only=SHARED),
        messages=QueryOptions(MessagesQuery, without=SHARED),
        requests=QueryOptions(RequestsQuery, REQUEST_PREFIX, without=PageQuery.model_fields.keys() | SHARED),
    )
