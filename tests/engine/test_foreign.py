from __future__ import annotations

import pytest

from mocksms.engine.foreign import is_possible


@pytest.mark.ledger("number.foreign")
@pytest.mark.parametrize(
    ("digits", "possible"),
    [
        pytest.param("12025550123", True, id="American"),
        pytest.param("4915112345678", True, id="German"),
        pytest.param("447911123456", True, id="British"),
        pytest.param("1202555XXXX", True, id="masked"),
        pytest.param("1202555012", False, id="a digit short"),
        pytest.param("120255501234", False, id="a digit over"),
        pytest.param("5550123", False, id="local only"),
        pytest.param("999123456", False, id="no such country"),
        pytest.param("1", False, id="country code alone"),
        pytest.param("", False, id="nothing"),
        pytest.param("X", False, id="one masked digit"),
        pytest.param("9" * 40, False, id="far too long"),
    ],
)
def test_foreign_number_is_possible_when_its_country_uses_that_length(digits: str, possible: bool) -> None:
    assert is_possible(digits) is possible
