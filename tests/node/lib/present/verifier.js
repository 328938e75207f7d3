// The verifier's API of a server, as its tenant uses it.

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { setTimeout: sleep } = require("node:timers/promises");
const environment = require("../wallet/environment");
const { call, get, ok, postJson } = require("../wallet/http");

// Where a claim is in a credential of a format.
const PATHS = { "dc+sd-jwt": (claim) => [claim], jwt_vc_json: (claim) => ["credentialSubject", claim] };

// A DCQL query for one credential, like a holding that the wallet has.
function query({ format, configuration }, claims) {
  const meta =
    format === "dc+sd-jwt"
      ? { vct_values: [configuration.vct] }
      : { type_values: [configuration.credential_definition.type] };
  const paths = claims.map((claim) => ({ path: PATHS[format](claim) }));
  return { credentials: [{ id: "card", format, meta, claims: paths }] };
}

class Verifier {
  // `variables`: what the server's dev.env says. `at`: where its URL is found, if not by its name.
  constructor(variables, { at } = {}) {
    const variable = (name) => {
      if (!variables[name]) throw new Error(`${name} is not in the environment file`);
      return variables[name];
    };
    this.url = variable("BESTOW_URL");
    this.found = (url) => (at ? url.replace(this.url, at) : url);
    this.api = this.found(`${variable("BESTOW_VERIFIER_URL")}/verifiable-presentations`);
    this.admin = { "X-API-KEY": variable("BESTOW_VERIFIER_ADMIN_KEY") };
    this.user = { "X-API-KEY": variable("BESTOW_VERIFIER_USER_KEY") };
  }

  // The server under test. That lib/wallet/environment is loaded has put its variables there.
  static main() {
    assert.ok(environment.url);
    return new Verifier(process.env);
  }

  // Makes a definition.
  async define(dcqlQuery, more = {}) {
    const body = { definitionId: `t-${randomUUID()}`, name: "Test", purpose: "To test", dcqlQuery, ...more };
    const definition = ok(await postJson(`${this.api}/definitions`, body, this.admin), { status: 201 });
    assert.equal(definition.definitionId, body.definitionId);
    return definition;
  }

  // Makes a request of a definition.
  async request({ definitionId }, body = {}) {
    const made = ok(await postJson(`${this.api}/definition/${definitionId}`, body, this.user), { status: 201 });
    assert.equal(made.definitionId, definitionId);
    assert.equal((await this.result(made)).status, "created");
    return made;
  }

  // Both of the above.
  async ask(dcqlQuery, { request, ...more } = {}) {
    return this.request(await this.define(dcqlQuery, more), request);
  }

  // What came of a request. `parameters`: of the query.
  async result(made, parameters = {}) {
    return ok(await get(`${this.#resultUrl(made)}?${new URLSearchParams(parameters)}`, this.user));
  }

  async erase(made) {
    ok(await call("DELETE", this.#resultUrl(made), { headers: this.user }), { status: 204 });
  }

  // What anybody may see of a request.
  async status({ correlationId, authStatusURI }) {
    assert.equal(authStatusURI, this.#publicUrl(correlationId, "status"));
    return ok(await get(this.found(authStatusURI)));
  }

  responseUri({ correlationId }) {
    return this.#publicUrl(correlationId, "response");
  }

  // Anybody may ask whether a document is what it says.
  async verify(credential, more = {}) {
    return ok(await postJson(this.found(`${this.url}/v1/verify`), { credential, ...more }));
  }

  #publicUrl(correlationId, what) {
    return `${this.url}/presentations/${correlationId}/${what}`;
  }

  #resultUrl({ definitionId, correlationId }) {
    return `${this.api}/definition/${definitionId}/correlation/${correlationId}`;
  }
}

// Until the server under test sees that it has revoked what a holding is of.
async function untilRevoked({ credential }) {
  const verifier = Verifier.main();
  for (const deadline = Date.now() + 2000; (await verifier.verify(credential)).state !== "revoked"; await sleep(20)) {
    assert.ok(Date.now() < deadline, "revoked within two seconds");
  }
}

// The result of one check of what /v1/verify found.
function resultOf({ checks }, name) {
  const found = checks.filter(({ check }) => check === name);
  assert.equal(found.length, 1, `one ${name} in ${JSON.stringify(checks)}`);
  assert.ok(found[0].reason.length > 0, `a reason for ${name}`);
  return found[0].result;
}

module.exports = { Verifier, query, resultOf, untilRevoked };
