#!/bin/sh
set -eu
mock=${MOCK:-http://127.0.0.1:8972}
api() { curl -sS --fail-with-body -H "X-API-Key: demo" -H "Content-Type: application/json" "$@"; echo; }
send() { api "$mock/rest/v1/transactional/sms/send" -d "$1"; }
log=${TMPDIR:-/tmp}/mocksms-events.txt

api -X POST "$mock/_mock/reset"

# Watch what happens while it happens.
: > "$log"
curl -sN -H "X-API-Key: demo" "$mock/_mock/events" -o "$log" & watcher=$!
trap 'kill "$watcher"' EXIT
until [ -s "$log" ]; do :; done

# The application sends a code; the test waits for it, verifies it was the only SMS, and reads the code.
send '{"message": {"content": "Your code is 481516", "to": [{"mobile_number": "972-54-1111111"}], "tags": ["otp"]}}'
api -G "$mock/_mock/messages/wait" -d to=972-54-1111111 --data-urlencode "content=Your code" -d timeout=5
api "$mock/_mock/verify" -d '{"tag": "otp", "exactly": 1, "nothing_else": true}'
set -- $(api -H "Accept: text/plain" "$mock/_mock/messages/latest/codes")
[ "$1" = 481516 ]

# With a frozen clock, a message that is due in years is sent within a millisecond.
api -X POST "$mock/_mock/clock/freeze"
send '{"message": {"content": "Happy new year", "to": [{"mobile_number": "972-54-1111111"}]}, "send_at": "2040-01-01 00:00:00"}'
api "$mock/_mock/verify" -d '{"content": "new year", "status": "queued"}'
api "$mock/_mock/clock/advance" -d '{"to": "2040-01-01 00:00:00"}'
api "$mock/_mock/verify" -d '{"content": "new year", "status": "sent"}'

# Out of credit, a message waits; a top-up sends it.
api -X PATCH "$mock/_mock/account" -d '{"credit": 0}'
send '{"message": {"content": "Your parcel is here", "to": [{"mobile_number": "972-54-1111111"}]}}'
api "$mock/_mock/verify" -d '{"content": "parcel", "reject_reason": "no_credit"}'
api -X PATCH "$mock/_mock/account" -d '{"credit": 10}'
api "$mock/_mock/verify" -d '{"content": "parcel", "status": "sent"}'

until grep -q "event: account" "$log"; do :; done
cat "$log"
