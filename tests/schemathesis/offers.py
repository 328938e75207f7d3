"""What hooks.py does for the credential-offers dialect: its environment, and things in it that requests can name."""

import base64
import json
import os
import re
import sys
import urllib.request

BASE = "/products/web/{env}/issuer/api/private"
URL = os.environ["BESTOW_URL"]
ENV = os.environ["BESTOW_ENV_ID"]
KEY = os.environ["BESTOW_ADMIN_KEY"]
CORRELATION = os.environ["BESTOW_CORRELATION_ID"]
CREDENTIAL = os.environ["BESTOW_CREDENTIAL_ID"]
PROFILE = os.environ["BESTOW_ORGANISATION_PROFILE_ID"]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def post(path, body, content_type):
    url = URL + BASE.replace("{env}", ENV) + path
    headers = {"x-api-key": KEY, "content-type": content_type}
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def call(path, body):
    return post(path, json.dumps(body).encode(), "application/json")


def upload_image():
    """Uploads an image, and returns the path at which it is served."""
    part = b'Content-Disposition: form-data; name="image"; filename="pixel.png"'
    body = b"--b\r\n" + part + b"\r\n\r\n" + PIXEL + b"\r\n--b--\r\n"
    image = post("/credential-offers/image-upload", body, "multipart/form-data; boundary=b")
    return image["keyUrl"].removeprefix(URL)


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
IMAGE_PATH = upload_image()
# The page that an invitation leads to.
CLAIM_PATH = f"/claim/{OFFER}"
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
    names = (claim["claimValue"] for claim in offer["claims"] if isinstance(claim.get("claimValue"), str))
    claim = {"claimName": "fullName", "claimValue": next(names, "John Doe")}
    return {**offer, "credentialId": CREDENTIAL, "claims": [claim]}


def known_body(path, body):
    if path == "/api-keys" and isinstance(body.get("expiresAt"), str):
        return {**body, "expiresAt": "2035-06-20T06:44:22.629Z"}
    if path == "/credential-offers":
        return known_offers(body)
    if path == "/credential-offers/share-with-email":
        return {**body, "credentialOfferIds": [OFFER]}
    if path == "/credential-offers/resend-revocation-email":
        return {**body, "credentialOfferId": OFFER}
    if path == "/credential-offers/revoke":
        return {**body, "revoke": [{**body["revoke"][0], "id": OFFER}, *body["revoke"][1:]]}
    return body


def known_query(operation, query):
    """Filters as the document's examples have them, and a search for a word: no schema tells what a column takes."""
    parameters = operation.definition.raw["parameters"]
    described = {parameter["name"]: parameter["description"] for parameter in parameters}

    def known(name, value):
        if name == "search":
            return "john"
        if not name.startswith("filter."):
            return value
        return re.search(r"Example: filter\.[^=]+=(.+)\. Available", described[name]).group(1)

    return {name: known(name, value) for name, value in query.items()}


def is_positive(case, location):
    """Whether the part of a request at `location`, a word such as "query", is as the document says."""
    parts = {place.name.lower(): part for place, part in case.meta.components.items()}
    return location not in parts or parts[location].mode.is_positive


def can_be_wrong(case):
    """Whether a request that is wrong on purpose can be told: of lists, `page` and `limit` may be anything."""
    if case.meta is None or not case.query or is_positive(case, "query"):
        return True
    return not {"page", "limit"} & case.query.keys()


def with_known_values(case, half_of, dialect):
    """A request with known values; `dialect` is this module, or another with a BASE and known paths and bodies."""
    path = case.operation.path.removeprefix(dialect.BASE)
    another = dialect is not sys.modules[__name__]
    positive = case.meta.generation.mode.is_positive
    body = case.body if isinstance(case.body, dict) and case.media_type == "application/json" else None
    half = half_of([case.path_parameters, case.query, body])
    if is_positive(case, "path") and case.path_parameters:
        # Of another environment, nothing would be said but 401.
        known = dialect.known_path(case.method.upper(), path) if half and positive else {}
        case.path_parameters = {**case.path_parameters, "env": ENV, **known}
    if positive and case.query:
        case.query = known_query(case.operation, case.query)
    if positive and body is not None:
        # An optional UUID may be null, and so it is taken for a text that may be empty.
        body = {name: value for name, value in body.items() if value != "" or not name.endswith("Id")}
        case.body = dialect.known_body(path, body) if half or another or path == "/api-keys" else body
    return case
