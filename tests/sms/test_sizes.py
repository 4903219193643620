from __future__ import annotations

from sys import getsizeof

import pytest
from pydantic import TypeAdapter

from mocksms.sms.sizes import format_size, parse_size, shared_size, text_size


@pytest.mark.parametrize(
    ("raw", "size"),
    [
        (17, 17),
        ("17", 17),
        (" 17B ", 17),
        ("512MiB", 512 * 2**20),
        ("512 mib", 512 * 2**20),
        ("512Mi", 512 * 2**20),
        ("512m", 512 * 2**20),
        ("1.5GiB", 3 * 2**29),
        ("2k", 2048),
        ("500MB", 500_000_000),
        ("1gb", 10**9),
    ],
)
def test_size_has_a_unit_or_is_in_bytes(raw: object, size: int) -> None:
    assert parse_size(raw) == size


@pytest.mark.parametrize("raw", ["", "MiB", "-1", "1e9", "12 parsecs", "1.5.2MiB", "٣MiB", "9" * 20, None, True, 1.5])
def test_what_is_no_size_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match=r"a size such as 512MiB, 1GiB, 500MB or plain bytes"):
        parse_size(raw)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0B"), (1023, "1023B"), (1024, "1KiB"), (2**29, "512MiB"), (3 * 2**29, "1.5GiB"), (2**50, "1024TiB")],
)
def test_size_is_written_with_the_largest_unit(size: int, text: str) -> None:
    assert format_size(size) == text


@pytest.mark.parametrize("text", ["", "Hello", "שלום", "\ud83d cut", "😀"])
def test_size_of_a_text_is_about_what_it_takes(text: str) -> None:
    assert abs(text_size(text) - getsizeof(text)) <= 20  # the header of a text is smaller since Python 3.12


def test_size_of_a_text_stays_the_same_once_it_was_written() -> None:
    text = "".join(["של", "ום"])
    size, memory = text_size(text), getsizeof(text)
    TypeAdapter(str).dump_json(text)
    assert getsizeof(text) > memory
    assert text_size(text) == size


def test_equal_sizes_are_one_object() -> None:
    assert shared_size(int("1000")) is shared_size(int("1000"))
