wrk.method = "POST"
wrk.body = [[{
"message": {
    "content": "BODY of the message",
    "charset": "unicode",
    "to": [
      {
        "mobile_number": "972-54-1111111"
      }
    ]
  }
}]]
wrk.headers["Content-Type"] = "application/json"
