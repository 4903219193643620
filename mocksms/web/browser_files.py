"""Files that browsers request by themselves: an icon, and others that mocksms does not have.

The emulated API would record them, and a test would fail because somebody looks at the inbox meanwhile.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.responses import PlainTextResponse, Response

from mocksms.web.static import HEADERS, MEDIA_TYPES

ICON: Final = "/favicon.ico"

_ABSENT: Final = re.compile(
    r"/robots\.txt|/apple-touch-icon(-[0-9]+x[0-9]+)?(-precomposed)?\.png|/\.well-known/.*", re.ASCII | re.DOTALL
)


def browser_file(method: str, path: str) -> Response | None:
    """Return the response to a request that browsers send by themselves, None for any other request."""
    if method not in ("GET", "HEAD"):
        return None
    if path == ICON:
        return _icon()
    return PlainTextResponse("mocksms has no such file.\n", 404, HEADERS) if _ABSENT.fullmatch(path) else None


@cache
def _icon() -> Response:
    # Browsers go by the media type, not by the ending of the path.
    content = files("mocksms.web").joinpath("inbox", "icon.svg").read_bytes()
    return Response(content, headers=HEADERS, media_type=MEDIA_TYPES[".svg"])
