"""Probes of how bodies are read: strict and lenient JSON, missing fields, forms of `send_at`."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from mocksms.compare.model import Probe, ProbeContext
from mocksms.compare.places import SEND_PLACES, Places, error_places
from mocksms.compare.requests import JSON, post
from mocksms.compare.send_probes import DEFAULT, row_probe, send_probe
from mocksms.sms.times import ISRAEL

GUIDE_FORM: Final = "%Y-%m-%d %H:%M:%S%:z"
"""The form of `send_at` in the guide: 2020-01-20 13:05:00+02:00."""

NO_OFFSET: Final = GUIDE_FORM.removesuffix("%:z")

_MESSAGE: Final = '"content": "WORD", "charset": "unicode", "to": [{"mobile_number": "SHORT"}]'

_GUIDE: Final = {
    1: """{
"message": {
    "content": "BODY of the message",
    "charset": "unicode",
    "to": [
      {
        "mobile_number": "SHORT"
      }
    ]
  }
}""",
    2: """{
 message: {
    content: "Hi",
    charset: "unicode",
    unsubscribe_text: "Click to unsubscribe: ",

    add_unsubscribe_link: true,
    add_unsubscribe_sms_reply: true,
    to: [
      {
        "mobile_number": "SHORT"
      }
    ]
  }
,
	"async": true,
	"send_at": "2020-01-20 13:05:00+02:00"
}""",
    3: """{
message: {
    content: "Hi. ",
    charset: "unicode",
    unsubscribe_text: "remove: ",

    add_unsubscribe_link: true,
    add_unsubscribe_sms_reply: true,
    to: [
      {
        "mobile_number": "SHORT"
      }
    ]
  }
,
	"async": true,
}""",
    4: """{
"message": {
    "content": "Hi #field1#,
your package was just sent.
track link: www.google.com
etc.
",
    "to": [
      {
        "mobile_number": "SHORT"
      }
    ],
    "track_clicks": true,
    "field_vars": [{
          "rcpt": "972-54-XXXXXXX",
           "fields": [{
                 "name": "field1",
                 "content": "Hi",
                 "type": "string"
              }]
       }],

    "tags": ["PackageMessage1"]
  }
,
"async": true,
"send_at": "2020-01-20 13:05:00+02:00"
}""",
}
"""The guide's examples, with a number that no phone can have as the recipient."""

_SYNC: Final = '"async": false'
_PLAIN: Final = f'{{"message": {{{_MESSAGE}}}, {_SYNC}}}'

_JSON_NET: Final = {
    "comment": ("a comment", f"/* comment */ {_PLAIN}"),
    "single-quotes": ("single quotes", _PLAIN.replace('"', "'")),
    "byte-order-mark": ("a byte order mark", f"\ufeff{_PLAIN}"),
    "name-twice": ("a name twice", f'{{"message": {{"content": "first", {_MESSAGE}}}, {_SYNC}}}'),
}

_BINDING: Final = {
    "upper-case": ("names in upper case", f'{{"MESSAGE": {{{_MESSAGE.replace("content", "CONTENT")}}}, {_SYNC}}}'),
    "unknown-name": ("an unknown name", f'{{"message": {{{_MESSAGE}, "colour": "red"}}, {_SYNC}}}'),
    "null": ("null", f'{{"message": {{{_MESSAGE}, "tags": null}}, "send_at": null, {_SYNC}}}'),
    "text-as-boolean": ("a text where a boolean belongs", f'{{"message": {{{_MESSAGE}}}, "async": "true"}}'),
    "number-as-boolean": ("a number where a boolean belongs", f'{{"message": {{{_MESSAGE}}}, "async": 1}}'),
}

_INCOMPLETE: Final = {
    "no-message": ("{}", "{}"),
    "no-fields": ("an empty message", '{"message": {}}'),
    "no-recipients": ("an empty list of recipients", '{"message": {"content": "WORD", "to": []}}'),
    "no-number": ("a recipient without a number", '{"message": {"content": "WORD", "to": [{}]}}'),
    "no-content": ("a message without content", '{"message": {"to": [{"mobile_number": "SHORT"}]}}'),
    "blank-content": ("a blank content", '{"message": {"content": " ", "to": [{"mobile_number": "SHORT"}]}}'),
    "no-rcpt": (
        "field_vars without rcpt",
        f'{{"message": {{{_MESSAGE}, "field_vars": [{{"fields": [{{"name": "a", "content": "b"}}]}}]}}}}',
    ),
}

_BROKEN: Final = {
    "empty-body": ("an empty body", ""),
    "broken-json": ("broken JSON", '{"message": {"content": "WORD", "to": ['),
    "no-json": ("a text that is no JSON", "message=WORD"),
    "array": ("an array", "[]"),
    "wrong-type": ("a text where a list belongs", '{"message": {"content": "WORD", "to": "SHORT"}}'),
}


def posted_probe(name: str, about: str, text: str, places: Places) -> Probe:
    """Return a probe that posts a body which is accepted."""
    return Probe(f"send.{name}", f"a send with {about}", {**SEND_PLACES, **places}, post(text))


def refused_probe(name: str, about: str, text: str, status: str) -> Probe:
    """Return a probe that posts a body which is refused; its status shows a behaviour."""
    return Probe(f"send.{name}", f"a send with {about}", error_places("error.model", status), post(text))


BODIES: Final = (
    *(
        posted_probe(
            f"guide-{number}",
            f"example {number} of the guide",
            text,
            {"status": "body.guide-examples", **(DEFAULT if number == 1 else {"body[].status": "send.async"})},
        )
        for number, text in _GUIDE.items()
    ),
    *(posted_probe(name, *about, {"status": "body.json-net"}) for name, about in _JSON_NET.items()),
    *(
        posted_probe(name, *about, {"status": "body.binding", "body[].status": "body.binding"})
        for name, about in _BINDING.items()
    ),
    *(refused_probe(name, *about, "body.required") for name, about in _INCOMPLETE.items()),
    *(refused_probe(name, *about, "error.model") for name, about in _BROKEN.items()),
    Probe(
        "send.compressed",
        "a send with a compressed body",
        error_places("error.compressed"),
        post(
            gzip.compress(b'{"message": {"content": "Hi", "to": [{"mobile_number": "972-54-111111"}]}}', mtime=0),
            headers=(*JSON, ("Content-Encoding", "gzip")),
        ),
    ),
)


def instant(started: datetime, form: str, **ahead: float) -> str:
    """Return the text of an instant after another one, in whole hours, in Israel time.

    Args:
        started: the other one.
        form: of the text, as of `strftime`; `%:z` is the offset with a colon.
        ahead: arguments of a timedelta.
    """
    hour = started.replace(minute=0, second=0, microsecond=0) + timedelta(**ahead)
    local = hour.astimezone(ISRAEL)
    offset = f"{local:%z}"
    return local.strftime(form.replace("%:z", f"{offset[:3]}:{offset[3:]}"))


def at(form: str, **ahead: float) -> Callable[[ProbeContext], str]:
    """Return a function that returns the text of an instant after the start of the run."""
    return lambda context: instant(context.started, form, **ahead)


_OTHER_FORMS: Final = {
    "iso": ("ISO 8601", "%Y-%m-%dT%H:%M:%S%:z"),
    "fraction": ("fractions of a second", "%Y-%m-%dT%H:%M:%S.500%:z"),
    "minutes": ("minutes only", "%Y-%m-%d %H:%M%:z"),
    "day": ("a day only", "%Y-%m-%d"),
}

SCHEDULED: Final = {
    "status 402": "credit.scheduled",
    "body[].status": "send.scheduled",
    "body[].reject_reason null": "send.scheduled",
}
QUEUED: Final = {**SCHEDULED, "body[].status": "status.queued"}


def _timed(name: str, about: str, send_at: object, places: Places) -> Probe:
    tags = ["WORD"] if name == "guide" else []
    return send_probe(
        f"at-{name}", f"a send with {about}", places, outside={"send_at": send_at, "async": False}, tags=tags
    )


TIMES: Final = (
    _timed(
        "guide", "a send_at in the guide's form", at(GUIDE_FORM, days=1), {"status": "send.send-at-form", **SCHEDULED}
    ),
    row_probe(
        "at-guide",
        "a read of a scheduled message",
        {
            "body.send_at instant": "send.send-at-form",
            **{f"body.{name}": "send.scheduled" for name in ("state", "status", "reject_reason", "reject_reason null")},
        },
    ),
    _timed(
        "no-offset",
        "a send_at without offset",
        at(NO_OFFSET, days=1),
        {"status": "send.time-zone", **SCHEDULED},
    ),
    row_probe("at-no-offset", "a read of it", {"body.send_at instant": "send.time-zone"}),
    *(
        _timed(name, f"a send_at in {about}", at(form, days=2), {"status": "send.send-at-other-forms", **QUEUED})
        for name, (about, form) in _OTHER_FORMS.items()
    ),
    _timed("past", "a send_at in the past", "2020-01-20 13:05:00+02:00", {"body[].status": "send.past"}),
    _timed("far", "a send_at in 400 days", at(GUIDE_FORM, days=400), {"status": "send.schedule-limit", **SCHEDULED}),
    Probe(
        "send.at-no-time",
        "a send with a send_at that is no time",
        error_places("error.model"),
        post(f'{{"message": {{{_MESSAGE}}}, "send_at": "tomorrow"}}'),
    ),
)
"""Whole hours, since a date that is read again counts to the half hour."""
