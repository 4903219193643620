"""The four examples of the vendor's guide, byte for byte."""

from __future__ import annotations

from typing import Final

SIMPLE: Final = """{
"message": {
    "content": "BODY of the message",
    "charset": "unicode",
    "to": [
      {
        "mobile_number": "972-54-1111111"
      }
    ]
  }
}"""

ASYNC: Final = """{
 message: {
    content: "Hi",
    charset: "unicode",
    unsubscribe_text: "Click to unsubscribe: ",

    add_unsubscribe_link: true,
    add_unsubscribe_sms_reply: true,
    to: [
      {
        "mobile_number": "972-54-1111111"
      }
    ]
  }
,
	"async": true,
	"send_at": "2020-01-20 13:05:00+02:00"
}"""

KOSHER: Final = """{
message: {
    content: "Hi. ",
    charset: "unicode",
    unsubscribe_text: "remove: ",

    add_unsubscribe_link: true,
    add_unsubscribe_sms_reply: true,
    to: [
      {
        "mobile_number": "972-58-32XXXXX"
      }
    ]
  }
,
	"async": true,
}"""

MORE: Final = """{
"message": {
    "content": "Hi #field1#,
your package was just sent.
track link: www.google.com
etc.
",
    "to": [
      {
        "mobile_number": "972-54-111111"
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
}"""  # noqa: W291, W293 -- the guide's own spaces

EXAMPLES: Final = (SIMPLE, ASYNC, KOSHER, MORE)
