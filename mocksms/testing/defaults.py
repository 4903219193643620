"""What a test session sets in the account of each test: a label and, on a running mock, the options of accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from mocksms.engine.account import MAX_LABEL_LENGTH
from mocksms.errors import SettingsError
from mocksms.settings import OPTIONS, Settings, flag_name
from mocksms.testing.account import AccountHandle

NUMBER_LISTS: Final = ("unsubscribed", "bounced", "kosher")
"""Properties of an account that several scenarios add to; of others the value of the first scenario counts."""

CREDENTIALS: Final = ("control_token",)
"""Options that a test session uses itself on a running mock."""


class AccountDefaults(NamedTuple):
    """Initial values of accounts: changes as in `PATCH /_mock/account`, and a scenario as in `PUT /_mock/scenario`.

    `variation` is another scenario, in front of those that a test activates.
    """

    values: Mapping[str, Any] = {}
    scenario: Mapping[str, Any] | None = None
    variation: Mapping[str, Any] | None = None

    @property
    def label(self) -> str:
        """The label of the accounts, empty for none."""
        return str(self.values.get("label", ""))

    def labelled(self, label: str) -> AccountDefaults:
        """Return the same with a label."""
        return self._replace(values={**self.values, "label": label[:MAX_LABEL_LENGTH]})

    def apply(self, account: AccountHandle) -> None:
        """Set the values in an account, and activate the scenario.

        Raises:
            MockRefused: the mock refuses a value or the scenario.
        """
        if self.values:
            account.api("PATCH", "account", dict(self.values))
        if self.scenario is not None:
            account.api("PUT", "scenario", self.scenario)

    def apply_variation(self, account: AccountHandle) -> None:
        """Activate the variation in an account, in front of the scenario.

        Raises:
            MockRefused: the mock refuses it.
        """
        if self.variation is not None:
            account.api("PUT", "scenario", self.variation, front="true")

    def left_in(self, account: AccountHandle) -> AccountDefaults:
        """Return the same with what is left of the variation in an account: rules that are used up stay used up."""
        if self.variation is None:
            return self
        rules, counted = self.variation.get("rule", ()), account.api("GET", "scenario")["front"]
        if len(counted) != len(rules):
            return self  # the test has deleted the account
        pairs = zip(rules, counted, strict=True)
        left = [_rest_of(rule, counters) for rule, counters in pairs if counters["left"] != 0]
        return self._replace(variation={**self.variation, "rule": left})


def _rest_of(rule: Mapping[str, Any], counters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a rule that does from its start what another one does with some counters.

    One that is applied to every nth match, and more than once, counts from its start again.
    """
    if counters["left"] is None:
        return rule
    rest = {**rule, "times": counters["left"]}
    if counters["left"] == 1 and "every" in rule:
        rest["every"] = rule["every"] - counters["matched"] % rule["every"]
    return rest


NO_DEFAULTS: Final = AccountDefaults()


def check_applicable(origins: Mapping[str, str], url: str) -> None:
    """Check that a session which attaches to a running mock can apply its options.

    Args:
        origins: where each option that is set is set, such as `--mocksms-port`.
        url: URL of the mock.

    Raises:
        SettingsError: an option is one of the whole mock.
    """
    for name, where in origins.items():
        if not OPTIONS[name].metadata.get("per_account") and name not in CREDENTIALS:
            raise SettingsError(
                f"{where} cannot be applied to {url}: that mock already runs, and this is an option of the whole mock, "
                f"not of an account; start that mock with {flag_name(name)}, and remove {where} here"
            )


def account_defaults(settings: Settings, names: Iterable[str]) -> AccountDefaults:
    """Return the options of accounts that are set, as initial values of accounts of a running mock.

    Args:
        settings: all options.
        names: the options that are set.

    Raises:
        InvalidScenario, UnknownScenario: a scenario cannot be loaded.
    """
    values: dict[str, Any] = {}
    scenario: Mapping[str, Any] | None = None
    for name in names:
        if name == "scenario":
            scenario = _scenario(settings)
        elif name in ("webhook", "automation_webhook"):
            values["webhooks"] = [webhook._asdict() for webhook in settings.webhook + settings.automation_webhook]
        elif name not in CREDENTIALS:
            value = getattr(settings, name)
            values[name] = list(value) if isinstance(value, tuple) else value
    return AccountDefaults(values, scenario)


def _scenario(settings: Settings) -> Mapping[str, Any]:
    """Return the scenarios of the option as one, as JSON."""
    from mocksms.scenario.library import Library, files_at, read_files, resolve_path

    library = Library(settings.scenario_folder)
    files = [file for name in settings.scenario for file in files_at(resolve_path(name, library))]
    tables = [scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True) for scenario in read_files(files)]
    account: dict[str, Any] = {}
    for table in tables:
        for name, value in (table.get("account") or {}).items():
            if name in NUMBER_LISTS:
                account[name] = [*account.get(name, ()), *value]
            else:
                account.setdefault(name, value)
    return {"account": account, "rule": [rule for table in tables for rule in table.get("rule", ())]}
