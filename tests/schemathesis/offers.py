"""What hooks.py does for the credential-offers dialect: its environment, and things in it that requests can name."""

import base64
import json
import os
import urllib.request

BASE = "/products/web/{env}/issuer/api/private"
ENV = os.environ["BESTOW_ENV_ID"]
KEY = os.environ["BESTOW_ADMIN_KEY"]
CORRELATION = os.environ["BESTOW_CORRELATION_ID"]
CREDENTIAL = os.environ["BESTOW_CREDENTIAL_ID"]
PROFILE = os.environ["BESTOW_ORGANISATION_PROFILE_ID"]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def call(path, body):
    url = os.environ["BESTOW_URL"] + BASE.replace("{env}", ENV) + path
    headers = {"x-api-key": KEY, "content-type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def make_offers(count):
    claims = [{"dataType": "string", "claimName": "fullName", "claimValue": "John Doe"}]
    offer = {"email": "john@example.com", "credentialId": CREDENTIAL, "claims": claims}
    made = call("/credential-offers", {"correlationId": CORRELATION, "credentialOffers": [offer] * count})
    return [offer["id"] for offer in made["credentialOffers"]]


def make_key():
    return call("/api-keys", {"name": "Schemathesis", "roles": ["Issuer_User"]})["id"]


# To be deleted.
SPARE_OFFERS = make_offers(100)
SPARE_KEYS = [make_key() for _ in range(20)]
OFFER = make_offers(1)[0]
COLLECTION = call("/credential-offer-collections", {"name": "Schemathesis"})["id"]


def known_path(method, path):
    """The parameters, beside the environment, of a path that leads to something."""
    if path == "/organisation-profiles/{id}":
        return {"id": PROFILE}
    if path == "/api-keys/{id}":
        return {"id": SPARE_KEYS.pop()} if SPARE_KEYS else {}
    if path == "/credential-offers/{id}" and method == "DELETE":
        return {"id": SPARE_OFFERS.pop()} if SPARE_OFFERS else {}
    if path.startswith("/credential-offers/{id}"):
        return {"id": OFFER}
    if "{correlationId}" in path:
        return {"correlationId": CORRELATION}
    return {}


def known_offers(body):
    """A body that makes offers, which names what there is."""
    body = {**body, "correlationId": CORRELATION, "credentialOffers": list(map(known_offer, body["credentialOffers"]))}
    known = {"organisationProfileId": PROFILE, "credentialOfferCollectionId": COLLECTION}
    return body | {name: value for name, value in known.items() if isinstance(body.get(name), str)}


def known_offer(offer):
    names = (claim["claimValue"] for claim in offer["claims"] if isinstance(claim["claimValue"], str))
    claim = {"claimName": "fullName", "claimValue": next(names, "John Doe")}
    return {**offer, "credentialId": CREDENTIAL, "claims": [claim]}


def known_body(path, body):
    if path == "/credential-offers":
        return known_offers(body)
    if path == "/credential-offers/share-with-email":
        return {**body, "credentialOfferIds": [OFFER]}
    if path == "/credential-offers/resend-revocation-email":
        return {**body, "credentialOfferId": OFFER}
    if path == "/credential-offers/revoke":
        return {**body, "revoke": [{**body["revoke"][0], "id": OFFER}, *body["revoke"][1:]]}
    return body


def with_known_values(case, half_of):
    path = case.operation.path.removeprefix(BASE)
    positive = {location.name.lower() for location, part in case.meta.components.items() if part.mode.is_positive}
    half = half_of([case.path_parameters, case.query, case.body if isinstance(case.body, (dict, list)) else None])
    if "path" in positive and case.path_parameters:
        known = known_path(case.method.upper(), path) if half else {}
        case.path_parameters = {**case.path_parameters, "env": ENV, **known}
    if "body" in positive and isinstance(case.body, dict):
        # No schema tells what an image is.
        if isinstance(case.body.get("image"), bytes):
            case.body = {**case.body, "image": PIXEL}
        elif half:
            case.body = known_body(path, case.body)
    return case
