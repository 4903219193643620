"""What mocksms uses of uvicorn besides its documented API: its HTTP protocol, which another version may change."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any, Final, cast

import uvicorn

from mocksms.errors import SettingsError


class UnsupportedUvicorn(SettingsError):
    """The installed uvicorn has another HTTP protocol: without these `names`, or with other parameters."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(
            f"uvicorn {uvicorn.__version__} is not one that mocksms works with: it differs in {', '.join(names)}. "
            f"Install the newest mocksms, or an older uvicorn: pip install 'uvicorn<{uvicorn.__version__}'"
        )


try:
    from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
    from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
except ImportError as error:
    raise UnsupportedUvicorn([f"the import of {error.name}"]) from error

__all__ = [
    "HIGH_WATER_LIMIT",
    "STATUS_LINE",
    "FlowControl",
    "HttpToolsProtocol",
    "RequestResponseCycle",
    "check_uvicorn",
]

USED: Final[dict[type, str]] = {
    uvicorn.Server: "startup shutdown main_loop on_tick handle_exit run",
    FlowControl: "drain pause_reading resume_reading",
    HttpToolsProtocol: (
        "connection_made connection_lost data_received send_400_response on_url on_message_begin on_header "
        "on_headers_complete on_body on_message_complete on_response_complete pause_writing resume_writing shutdown"
    ),
    RequestResponseCycle: "run_asgi receive send",
}
"""The methods that are called or overridden."""

USED_OF_PROTOCOL: Final = (
    "app_state config loop server_state tasks timeout_keep_alive parser pipeline cycle flow transport server client "
    "scheme access_logger app"
)
"""The attributes of a protocol that are read or set."""

USED_OF_STATE: Final = "connections tasks total_requests default_headers"
"""The attributes of the state that all connections share."""

PARAMETERS: Final[dict[type, str]] = {
    FlowControl: "self transport",
    HttpToolsProtocol: "self config server_state app_state _loop",
    RequestResponseCycle: (
        "self scope transport flow logger access_logger access_log default_headers message_event expect_100_continue "
        "keep_alive on_response"
    ),
}
"""The parameters of the constructors, all of them, in order."""

USED_OF_EXCHANGE: Final = "body more_body disconnected response_started response_complete"
"""The attributes of an exchange besides its parameters."""


def check_uvicorn(server: uvicorn.Server) -> None:
    """Check that uvicorn has all that mocksms uses, with a connection that no client has.

    Raises:
        UnsupportedUvicorn: something is missing.
    """
    missing = [name for each, names in USED.items() for name in _missing(each, names)]
    for each, names in PARAMETERS.items():
        known, given = names.split(), [*signature(each.__init__).parameters]  # type: ignore[misc]
        if known != given:
            missing += [f"{each.__name__}({name})" for name in sorted({*known} ^ {*given}) or given]
    if not missing:
        state: Any = server.server_state
        protocol = HttpToolsProtocol(server.config, state, {}, cast(Any, object()))
        exchange = RequestResponseCycle(*[cast(Any, None)] * len(PARAMETERS[RequestResponseCycle].split()[1:]))
        missing += _missing(state, USED_OF_STATE)
        missing += _missing(protocol, USED_OF_PROTOCOL)
        missing += _missing(exchange, USED_OF_EXCHANGE)
    if missing:
        raise UnsupportedUvicorn(missing)


def _missing(owner: Any, names: str) -> list[str]:
    """Return the names that an object or a class does not have."""
    kind = owner if isinstance(owner, type) else type(owner)
    return [f"{kind.__name__}.{name}" for name in names.split() if not hasattr(owner, name)]
