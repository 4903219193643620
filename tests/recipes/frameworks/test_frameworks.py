from pathlib import Path

import pytest
from your_shop import sign_up_in_django

PHONE = "972-54-1111111"


def test_flask(flask_client, mocksms):
    response = flask_client.post("/signup", json={"phone": mocksms.number("kosher")})
    assert response.json["reject_reason"] == "kosher-number"


@pytest.mark.usefixtures("django_settings")
def test_django(mocksms):
    sign_up_in_django(PHONE)
    assert mocksms.assert_sent(to=PHONE).code == "481516"


@pytest.mark.anyio
async def test_fastapi(fastapi_client, mocksms):
    async with fastapi_client:
        await fastapi_client.post("/signup", params={"phone": PHONE})
    assert (await mocksms.aio.wait_for(to=PHONE)).code == "234248"


def test_node(run_node, mocksms):
    run_node(str(Path(__file__).with_name("send.mjs")), PHONE)
    assert mocksms.assert_sent(to=PHONE).code == "108108"
