"""What hooks.py does for wallets: an issuer that there is, and an access token."""

import json
import os
import urllib.parse
import urllib.request

import offers

URL = os.environ["BESTOW_URL"]
GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
ISSUER = f"/issuers/{offers.CORRELATION}"
OFFER = offers.make_offers(1)[0]


def access_token():
    """An access token for an offer of its own."""
    path = offers.BASE.replace("{env}", offers.ENV) + f"/credential-offers/{OFFER}/claim"
    with urllib.request.urlopen(URL + path) as response:
        forms = json.load(response)["offers"]
    value = next(form["uri"] for form in forms if form["draft"] == "1.0" and form["by"] == "value")
    offer = json.loads(urllib.parse.parse_qs(urllib.parse.urlsplit(value).query)["credential_offer"][0])
    form = {"grant_type": GRANT, "pre-authorized_code": offer["grants"][GRANT]["pre-authorized_code"]}
    request = urllib.request.Request(f"{URL}{ISSUER}/token", urllib.parse.urlencode(form).encode())
    with urllib.request.urlopen(request) as response:
        return json.load(response)["access_token"]


TOKEN = access_token()
SECURED = ("credential", "deferred-credential", "notification")
KNOWN_PATHS = [
    *(f"{ISSUER}/{endpoint}" for endpoint in ("token", "nonce", *SECURED)),
    *(f"{ISSUER}/.well-known/{name}" for name in ("openid-credential-issuer", "oauth-authorization-server")),
    *(f"/.well-known/{name}{ISSUER}" for name in ("openid-credential-issuer", "oauth-authorization-server")),
    f"{ISSUER}/credential-offers/{offers.OFFER}/1.0",
]


def authorize(case):
    """Gives a wallet's request its token, unless the request is to have another or none."""
    if case.operation.path.removeprefix("/issuers/{slug}/") in SECURED and "Authorization" not in (case.headers or {}):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {TOKEN}"}
