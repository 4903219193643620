"""How the text of a message is split into segments, for its view."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Final

from pydantic import Field

from mocksms.schemas.responses import ResponseModel, Text
from mocksms.sms.segments import ForcedBy, count_segments, split_segments, utf16_length
from mocksms.sms.text import ShownText

CODE_POINTS: Final = "Counted in Unicode code points, as Python does"
UTF16: Final = "Counted in UTF-16 code units, as JavaScript, Java and C# do"


class ForcedByView(ResponseModel):
    """The first character that GSM 03.38 does not have."""

    character: Text = Field(description="The first character that GSM-7 does not have")
    index: int = Field(description=CODE_POINTS)
    index_utf16: int = Field(description=UTF16)


class LinkPlaceView(ResponseModel):
    """Where a link of the provider is in the text."""

    index: int = Field(description=CODE_POINTS)
    length: int = Field(description="Characters of the link as the phone shows it")


class SegmentsView(ResponseModel):
    """How the text is split for sending. Each link of the provider counts as `link_length` characters."""

    encoding: str = Field(description="GSM-7 or UCS-2")
    count: int = Field(description="Number of segments")
    characters: int = Field(description="Characters that count, in code points")
    boundaries: list[int] = Field(description=f"Where each further segment starts. {CODE_POINTS}")
    boundaries_utf16: list[int] = Field(description=f"Where each further segment starts. {UTF16}")
    units: int = Field(description="Septets in GSM-7, UTF-16 code units in UCS-2")
    forced_by: ForcedByView | None = Field(description="Why the encoding is UCS-2, null if it is GSM-7")
    link_length: int = Field(description="Characters that each link of the provider counts as, whatever its length")
    links: list[LinkPlaceView] = Field(description="The links of the provider: tracked ones, the unsubscribe link")


def _forced_by_view(shown: ShownText, text: str, forced_by: ForcedBy) -> ForcedByView:
    (index,) = shown.shown_indexes([forced_by.index])
    return ForcedByView(character=forced_by.character, index=index, index_utf16=utf16_length(text[:index]))


def segments_view(shown: ShownText, text: str) -> SegmentsView:
    """Return the segments of a text, with places in the text as the phone shows it."""
    counted = shown.counted
    segments = count_segments(counted)
    forced_by = segments.forced_by
    boundaries = shown.shown_indexes(accumulate(map(len, split_segments(counted)[:-1])))
    parts = (text[start:end] for start, end in pairwise((0, *boundaries)))
    return SegmentsView(
        encoding=segments.encoding,
        count=segments.count,
        characters=len(counted),
        boundaries=boundaries,
        boundaries_utf16=[*accumulate(map(utf16_length, parts))],
        units=segments.units,
        forced_by=_forced_by_view(shown, text, forced_by) if forced_by else None,
        link_length=len(shown.counted_link),
        links=[
            LinkPlaceView(index=place, length=len(link))
            for place, link in zip(shown.link_places, shown.links, strict=True)
        ],
    )
