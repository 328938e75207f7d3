"""Gives Schemathesis the values that no schema tells.

An OpenAPI document cannot say which issuer and program exist, what the program's credentials look like, or which paths
lead to something. With made-up values alone nearly all requests would end in 404; so half of those that are meant to be
accepted name the demo program of `bestow dev`, or a credential that is issued here before the tests start. In the
credential-offers dialect, all name the demo environment, and half an offer or whatever else is meant: see offers.py; the
same is done for the verifier's: see verification.py. Wallets' requests have an access token: see wallets.py.
"""

import base64
import json
import os
import re
import sys
import time
import urllib.request
import zlib

import schemathesis

# Schemathesis loads this file alone.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offers  # noqa: E402
import verification  # noqa: E402
import wallets  # noqa: E402

URL = os.environ["BESTOW_URL"]
ISSUER_DID = os.environ["BESTOW_ISSUER_DID"]
PROGRAM_ID = os.environ["BESTOW_PROGRAM_ID"]
SUBJECT = {"age": 25, "location": "United States", "isMember": True}


def call(path, token, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"x-partner-auth": token, "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers)) as response:
        return json.load(response)


def issue_credential(token):
    """Issues a credential, waits until it is in the log, and returns its coreClaimHash."""
    request = {"issuerDid": ISSUER_DID, "credentialId": PROGRAM_ID, "credentialSubject": SUBJECT}
    issued = call("/v1/credentials/issue-on-behalf", token, request)["coreClaimHash"]
    for _ in range(100):
        if call(f"/v1/credentials/status?coreClaimHash={issued}", token)["vcStatus"] == "ONCHAIN":
            return issued
        time.sleep(0.1)
    raise TimeoutError("the credential is not ONCHAIN within ten seconds")


def strings(value):
    """All strings anywhere inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def linked_paths(documents):
    """The paths of this server that signed credentials refer to."""
    for document in documents.values():
        payload = document.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        for text in strings(claims):
            if text.startswith(URL):
                yield text.removeprefix(URL).partition("#")[0]


def known_paths(core_claim_hash, token):
    """Paths that answer 200."""
    credential = f"/v1/credentials/{core_claim_hash}"
    yield credential
    yield f"/1.0/identifiers/{ISSUER_DID}"
    yield "/log/tile/0/000.p/1"
    for path in linked_paths(call(credential, token)["documents"]):
        yield path
        if re.fullmatch("/issuers/[^/]+", path):
            yield f"{path}/did.json"
            yield f"{path}/.well-known/jwt-vc-issuer"
            yield f"/.well-known/jwt-vc-issuer{path}"


HOLDER_TOKEN = os.environ["HOLDER_TOKEN"]
KNOWN_HASH = issue_credential(HOLDER_TOKEN)
KNOWN_DOCUMENT = call(f"/v1/credentials/{KNOWN_HASH}", HOLDER_TOKEN)["documents"]["jwt_vc_json"]
KNOWN_PATHS = [*known_paths(KNOWN_HASH, HOLDER_TOKEN), offers.IMAGE_PATH, offers.CLAIM_PATH, *wallets.KNOWN_PATHS]
KNOWN_PATHS += verification.KNOWN_PATHS
KNOWN_PATHS += [f"/v1/credentials/{KNOWN_HASH}/share-with-email"]


def half_of(value):
    """A choice that depends on nothing but the request, so that a run can be repeated."""
    return zlib.crc32(json.dumps(value, sort_keys=True, default=str).encode()) % 2 == 0


@schemathesis.hook
def filter_case(context, case):
    return offers.can_be_wrong(case)


@schemathesis.hook
def map_case(context, case):
    if case.meta is None:
        return case
    positive = case.meta.generation.mode.is_positive
    wallets.authorize(case)
    for dialect in (offers, verification):
        if case.operation.path.startswith(dialect.BASE):
            return offers.with_known_values(case, half_of, dialect)
    if case.operation.path == "/log/proof" and positive and isinstance(case.body, dict):
        case.body = {"credential": KNOWN_DOCUMENT} if half_of(case.body) else case.body
    if case.operation.path == "/v1/credentials/proof" and positive and case.query and case.query.get("op") != "status":
        # OpenAPI cannot say that one parameter needs another.
        case.query.pop("at", None)
    if isinstance(case.body, dict):
        case.body = with_known_program(case.body, positive)
    if positive and half_of([case.path_parameters, case.query]):
        template = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", case.operation.path)
        matches = (re.fullmatch(template, path) for path in KNOWN_PATHS)
        if case.path_parameters and (match := next(filter(None, matches), None)):
            case.path_parameters = match.groupdict()
        if case.query and "coreClaimHash" in case.query:
            case.query = {**case.query, "coreClaimHash": KNOWN_HASH}
    return case


def with_known_program(body, positive):
    if not all(isinstance(body.get(name), str) for name in ("issuerDid", "credentialId")):
        return body
    if half_of(body):
        body = {**body, "issuerDid": ISSUER_DID, "credentialId": PROGRAM_ID}
    # The program has a schema of its own. In a request that is wrong on purpose, the subject may be what is wrong.
    known = body["issuerDid"] == ISSUER_DID and body["credentialId"] == PROGRAM_ID
    if known and positive:
        body = {**body, "credentialSubject": subject_like(body["credentialSubject"])}
    return body


def subject_like(generated):
    """A subject that the demo program accepts, with the generated values where their types allow."""
    subject = dict(SUBJECT)
    for value in generated.values():
        if isinstance(value, str):
            subject["location"] = value
        elif isinstance(value, bool):
            subject["isMember"] = value
    return subject


@schemathesis.deserializer("application/octet-stream", "image/jpeg", "image/png", "image/webp")
def read_binary(context, response):
    return response.content.decode("latin-1")
