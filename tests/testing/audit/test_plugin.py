from __future__ import annotations

from tests.testing.runs import Runs

SHOP = """
def test_code(mocksms, send):
    for _ in range(2):
        try:
            answer = send()
        except OSError:
            continue
        if isinstance(answer, list):
            break
    assert mocksms.outbox


def test_that_sends_nothing(mocksms): ...
"""


def test_test_runs_again_with_each_variation(runs: Runs) -> None:
    printed = runs.run(SHOP, "--mocksms-audit", "--mocksms-audit-only", "response-lost,503", passed=2, errors=1)
    assert "sent twice, hammered: response-lost" in printed
    assert "hammered: 503" in printed
    assert "1 send nothing" in printed
