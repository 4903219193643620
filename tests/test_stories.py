"""The bundled scenarios, each run with a plain HTTP client up to the result it describes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
import requests

from mocksms.scenario.library import Library, StartScenarios, bundled_folder
from mocksms.settings import Settings
from tests.inspection.support import Api
from tests.support import KEY, ManualClock, body, running

ONE, TWO, THREE = "972-54-1111111", "972-54-2222222", "972-54-3333333"
STORIES: dict[str, Callable[[Story], None]] = {}


class Story(Api):
    """A mock that was started with a scenario, and the clock that the test moves."""

    clock: ManualClock

    def post_send(self, *to: str, **more: Any) -> requests.Response:
        """Send an SMS and return the response, whatever its status."""
        url = f"{self.mock.url}/rest/v1/transactional/sms/send"
        return requests.post(url, json=body(*to, **more), headers={"X-API-Key": self.key or ""}, timeout=10)

    def states(self) -> list[str]:
        """Return the states of all messages, oldest first."""
        messages = self.get("messages", limit=1000)["messages"]
        return ["/".join(filter(None, (each["status"], each["reject_reason"]))) for each in messages[::-1]]


@pytest.fixture
def activate_scenario() -> Iterator[Callable[[str], Story]]:
    with ExitStack() as stack:

        def activate(name: str) -> Story:
            settings = Settings(port=0, seed="tests", scenario=(name,))
            clock = ManualClock()
            scenario = StartScenarios(settings).active
            story = Story(stack.enter_context(running(settings, clock, scenario)), KEY)
            story.clock = clock
            return story

        yield activate


def story(run: Callable[[Story], None]) -> Callable[[Story], None]:
    STORIES[run.__name__.replace("_", "-")] = run
    return run


@story
def happy_path(api: Story) -> None:
    api.send(ONE, TWO, "not a number")
    assert api.states() == ["sent", "sent", "sent"]
    assert api.get("account")["credit"] is None


@story
def kosher_recipients(api: Story) -> None:
    api.send(ONE, TWO, "972-53-1234567")
    assert api.states() == ["sent", "rejected/kosher-number", "rejected/kosher-number"]


@story
def opt_out_mid_campaign(api: Story) -> None:
    for _ in range(2):
        api.send(ONE, TWO, THREE, add_unsubscribe_sms_reply=True)
        api.clock.advance(3)
    first, then = ["sent", "sent", "rejected/unsubscribe"], ["sent", "rejected/unsubscribe", "rejected/unsubscribe"]
    assert api.states() == first + then
    assert [each["text"] for each in api.get("inbound")["replies"]] == ["STOP"]


@story
def credit_runs_out(api: Story) -> None:
    api.send(*[ONE] * 5)
    assert api.states() == ["sent"] * 3 + ["queued/insufficient-funds"] * 2
    api.patch(credit=1)
    assert api.states() == ["sent"] * 4 + ["queued/insufficient-funds"]
    api.patch(credit=10)
    assert api.states() == ["sent"] * 5
    assert api.get("account")["credit"] == 9


@story
def gateway_outage(api: Story) -> None:
    for _ in range(5):
        api.send(ONE)
    assert api.states() == ["exception/no-available-gateways"] * 3 + ["sent"] * 2
    (rule,) = api.get("scenario")["rules"]
    assert rule == {
        "label": "rule 1 (outage) of gateway-outage.toml",
        "matches": "all, the first 3",
        "effect": "exception/no-available-gateways",
        "applies_to": "message",
        "matched": 3,
        "applied": 3,
        "left": 0,
        "timed_out": False,
    }
    decided = [message["decided_by"] for message in api.get("messages")["messages"]]
    assert decided == ["no rule or list applied"] * 2 + ["rule 1 (outage) of gateway-outage.toml"] * 3


@story
def flaky_provider(api: Story) -> None:
    first, second, third = (api.post_send(ONE) for _ in range(3))
    assert (first.status_code, first.headers["Retry-After"], second.status_code) == (503, "1", 500)
    (row,) = third.json()
    assert (third.status_code, row["status"]) == (200, "sent")
    path = f"/rest/v1/transactional/sms/info?transaction_id={row['transaction_id']}"
    read = api.mock.get(path)
    assert (read.status_code, read.headers["Content-Type"]) == (502, "text/html")
    assert read.text.startswith("<html>")
    assert api.mock.get(path).json()["status"] == "sent"
    assert api.states() == ["sent"]


@story
def rate_limited(api: Story) -> None:
    assert [api.post_send(ONE).status_code for _ in range(5)] == [200] * 5
    api.clock.advance(50)
    refused = api.post_send(ONE)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
    api.clock.advance(9.9)
    assert api.post_send(ONE).status_code == 429
    api.clock.advance(0.1)
    assert api.post_send(ONE).status_code == 200
    assert len(api.states()) == 6


@story
def slow_provider(api: Story) -> None:
    response = api.post_send(ONE)
    assert response.elapsed.total_seconds() >= 0.2
    assert api.states() == ["queued"]
    api.clock.advance(3)
    assert api.states() == ["sent"]
    assert "passed through by" in api.get("messages/latest")["decided_by"]


@story
def lost_responses(api: Story) -> None:
    for wrong in (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        with pytest.raises((wrong, requests.ConnectionError)):
            api.post_send(ONE)
    assert api.post_send(ONE).content == b""
    with pytest.raises(requests.JSONDecodeError):
        api.post_send(ONE).json()
    assert api.post_send(ONE).json()[0]["status"] == "sent"
    assert api.states() == ["sent"] * 5


@story
def late_bounces(api: Story) -> None:
    api.send(ONE, content="Your code is 4815")
    for number in range(6):
        api.send(TWO, content=f"Hello {number}")
    assert api.states() == ["sent"] * 7
    api.clock.advance(60)
    assert api.states() == ["rejected/bounced"] + ["sent"] * 6
    api.clock.advance(3600)
    assert api.states() == ["rejected/bounced"] + ["sent", "sent", "rejected/bounced"] * 2


@story
def scheduled_and_cancelled(api: Story) -> None:
    api.send(ONE, tags=["reminder"], send_at="2026-03-01T13:00:00Z")
    api.send(TWO, send_at="2026-03-01T13:00:00Z")
    api.clock.advance(3601)
    assert api.states() == ["queued", "queued"]
    api.clock.advance(1)
    assert api.states() == ["rejected/cancelled_by_user", "queued"]
    api.clock.advance(3)
    assert api.states() == ["rejected/cancelled_by_user", "sent"]


@story
def every_status(api: Story) -> None:
    api.send(*[f"972-54-00000{number:02}" for number in range(1, 11)])
    assert api.states() == [
        "sent",
        "queued",
        "queued/insufficient-funds",
        "invalid/invalid-number",
        "rejected/unsubscribe",
        "rejected/kosher-number",
        "rejected/bounced",
        "rejected/cancelled_by_user",
        "exception/exception",
        "exception/no-available-gateways",
    ]
    assert api.get("scenario")["unused"] == []


@story
def chaos(api: Story) -> None:
    results: list[object] = []
    for _ in range(150):
        try:
            response = api.post_send(ONE)
        except requests.ConnectionError:
            results.append("reset")
        else:
            results.append(response.status_code if response.status_code != 200 else response.json()[0]["status"])
    assert {"reset", 503, "sent", "queued", "exception"} <= set(results)
    assert 75 < results.count("sent") < 140
    assert api.get("scenario")["unused"] == []


@story
def replies(api: Story) -> None:
    api.send(
        ONE,
        TWO,
        THREE,
        content="Look at https://shop.example/parcel",
        add_unsubscribe_sms_reply=True,
        track_clicks=True,
    )
    api.clock.advance(11)
    texts = [(each["number"], each["text"]) for each in api.get("inbound")["replies"]]
    assert texts == [("972542222222", "STOP"), ("972542222222", "Who is this?"), ("972541111111", "YES")]
    assert api.get("messages", to=THREE)["messages"][0]["clicks_details"][0]["url"] == "https://shop.example/parcel"
    assert api.get("account")["unsubscribed"] == ["972542222222"]


@pytest.mark.parametrize("name", [scenario_file.name for scenario_file in Library().all()])
def test_bundled_scenario_has_the_result_it_describes(activate_scenario: Callable[[str], Story], name: str) -> None:
    STORIES[name](activate_scenario(name))


def test_bundled_scenarios_are_shipped_with_a_description() -> None:
    library = Library()
    assert [scenario_file.path.parent for scenario_file in library.all()] == [bundled_folder()] * len(STORIES)
    for scenario_file in library.all():
        assert len(library.about(scenario_file)) > 40, scenario_file.name


def states_after_chaos(other_sends: int) -> list[str]:
    """Send on one account in the scenario "chaos", after `other_sends` of another account; return the states."""
    settings = Settings(port=0, seed="a day", scenario=("chaos",))
    with running(settings, ManualClock(), StartScenarios(settings).active) as mock:
        api, other = Story(mock, KEY), Story(mock, "another")
        for _ in range(other_sends):
            with suppress(requests.ConnectionError):
                other.post_send(ONE)
        for _ in range(10):
            with suppress(requests.ConnectionError):
                api.post_send(*[ONE] * 10)
        return api.states()


def test_chaos_of_an_account_depends_on_the_seed_and_not_on_other_accounts() -> None:
    assert states_after_chaos(0) == states_after_chaos(7)
