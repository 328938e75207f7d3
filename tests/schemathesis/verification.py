"""What hooks.py does for verification: a key, templates and requests that calls can name."""

import json
import os
import uuid
import urllib.request

BASE = "/products/web/{env}/verifier/api/private/verifiable-presentations"
URL = os.environ["BESTOW_URL"]
ENV = os.environ["BESTOW_ENV_ID"]
KEY = os.environ["BESTOW_VERIFIER_ADMIN_KEY"]
DEFINITION = os.environ["BESTOW_DEFINITION_ID"]
QUERY = {"credentials": [{"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["https://example.org/a"]}}]}


def post(path, body):
    url = URL + BASE.replace("{env}", ENV) + path
    headers = {"x-api-key": KEY, "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as response:
        return json.load(response)


def make_definition(name):
    definition = {"definitionId": name, "name": name, "dcqlQuery": QUERY}
    return post("/definitions", definition)["definitionId"]


def ask():
    return post(f"/definition/{DEFINITION}", {})["correlationId"]


# To be changed, and to be deleted. Each of the two runs on a server loads this file.
RUN = uuid.uuid4().hex
OWN = make_definition(RUN)
SPARE = [make_definition(f"{RUN}-{number}") for number in range(30)]
REQUEST = ask()
KNOWN_PATHS = [
    *(f"/presentations/{REQUEST}/{what}" for what in ("request", "response", "status")),
    f"/present/{REQUEST}",
    f"/verify/ask/{ENV}/{DEFINITION}",
]


def known_path(method, path):
    """The parameters, beside the environment, of a path that leads to something."""
    if path == "/definitions/{definitionId}":
        if method == "DELETE":
            return {"definitionId": SPARE.pop()} if SPARE else {}
        return {"definitionId": OWN}
    if path == "/definition/{definitionId}":
        return {"definitionId": DEFINITION}
    if "{correlationId}" in path:
        return {"definitionId": DEFINITION, "correlationId": REQUEST}
    return {}


def known_body(path, body):
    """No schema tells what a query, a condition, an issuer or a transaction is."""
    if path.startswith("/definitions"):
        kept = ("name", "purpose", "public", "keepSeconds", "requestSeconds")
        body = {name: body[name] for name in kept if name in body}
        # In a path, the name says which one is meant.
        named = {} if "{definitionId}" in path else {"definitionId": OWN}
        return {**body, **named, "dcqlQuery": QUERY}
    return {}
