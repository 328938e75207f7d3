"""Makes an API key with the roles of both sides, and prints it."""

import json
import os
import urllib.request

url = f"{os.environ['BESTOW_URL']}/products/web/{os.environ['BESTOW_ENV_ID']}/issuer/api/private/api-keys"
headers = {"x-api-key": os.environ["BESTOW_ADMIN_KEY"], "content-type": "application/json"}
body = json.dumps({"name": "Schemathesis", "roles": ["Issuer_Admin", "Verifier_Admin"]}).encode()
with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as response:
    print(json.load(response)["rawKey"])
