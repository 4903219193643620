"""Content types of JSON, and the codecs of their charsets."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from mocksms.errors import UnsupportedMediaType

JSON_TYPES: Final = frozenset({"application/json", "text/json"})
UTF_8: Final = "utf-8"
ENCODINGS: Final = {"utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "unicode": "utf-16"}
"""The codecs of charsets; a body with another or an unknown charset is read as UTF-8, as JSON is by default."""


def codec_of(content_type: bytes, body: bytes) -> str:
    """Return the codec of a JSON body, by its Content-Type.

    Raises:
        UnsupportedMediaType: the body is not declared as JSON.
    """
    if not content_type and not body:
        return UTF_8
    media_type, codec = _parse(content_type)
    if media_type.lower() not in JSON_TYPES:
        raise UnsupportedMediaType(media_type or None)
    return codec


@lru_cache(maxsize=64)
def _parse(content_type: bytes) -> tuple[str, str]:
    media_type, _, rest = content_type.decode("latin-1").partition(";")
    charset = rest.lower().partition("charset=")[2].partition(";")[0].strip(' "')
    return media_type.strip(), ENCODINGS.get(charset, UTF_8)
