"""The same application in Flask, Django and FastAPI: it sends a code by SMS when a customer signs up."""

import os

import httpx
import requests
from django.conf import settings
from fastapi import FastAPI
from flask import Flask, current_app, request

settings.configure(SMS_URL="https://sms.example", SMS_KEY="none")

fastapi_app = FastAPI()


def text(url, key, phone):
    message = {"content": "Your code is 481516", "to": [{"mobile_number": phone}]}
    response = requests.post(f"{url}/transactional/sms/send", json={"message": message}, headers={"X-API-Key": key})
    return response.json()[0]


def create_flask_app(**config):
    app = Flask(__name__)
    app.config.update(config)

    @app.post("/signup")
    def signup():
        return text(current_app.config["SMS_URL"], current_app.config["SMS_KEY"], request.json["phone"])

    return app


def sign_up_in_django(phone):
    return text(settings.SMS_URL, settings.SMS_KEY, phone)


@fastapi_app.post("/signup")
async def signup(phone: str) -> None:
    message = {"content": "Your code is 234248", "to": [{"mobile_number": phone}]}
    headers = {"X-API-Key": os.environ["SMS_KEY"]}
    async with httpx.AsyncClient(base_url=os.environ["SMS_URL"], headers=headers) as client:
        await client.post("/transactional/sms/send", json={"message": message})
