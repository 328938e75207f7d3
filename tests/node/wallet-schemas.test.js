// What the server that BESTOW_ENV_FILE (the dev.env of `bestow dev`) describes publishes for wallets, against the schemas
// of the OpenID Foundation's conformance suite, and what that suite's metadata tests check beyond schemas.

const assert = require("node:assert/strict");
const { readdirSync } = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");
const { assertDistinct } = require("./lib/wallet/claim");
const environment = require("./lib/wallet/environment");
const { get, ok } = require("./lib/wallet/http");
const { wellKnown } = require("./lib/wallet/issuer");
const offers = require("./lib/wallet/offers");
const { judge, vector } = require("./lib/wallet/schemas");
const { issuerMetadata } = require("./lib/wallet/exchange");

const { issuer } = environment;
const { PRE_AUTHORIZED } = offers;
const PUBLIC_MEMBERS = ["alg", "crv", "kid", "kty", "use", "x", "y"];

// What wallets of older drafts read; newer ones ignore it.
const FOR_OLDER_DRAFTS = ["/credentials_supported"];

// A document, which has to be the same at both places.
async function published(name) {
  const at = (url) => get(url).then((answer) => ok(answer, { type: "application/json" }));
  const inserted = await at(wellKnown(name, issuer));
  assert.deepEqual(await at(`${issuer}/.well-known/${name}`), inserted);
  return inserted;
}

const configurations = async () => Object.entries((await issuerMetadata(issuer)).credential_configurations_supported);

test("the validator passes what is valid and fails what is not", () => {
  const samples = readdirSync(path.join(__dirname, "vectors/oidf-metadata"));
  assert.ok(samples.length > 10);
  for (const sample of samples) {
    const schema = sample.includes("oauth-authorization-server") ? "authorizationServer" : "issuer";
    const { failures } = judge(schema, vector("oidf-metadata", sample));
    assert.equal(failures.length === 0, sample.startsWith("valid-"), `${sample}: ${failures}`);
  }
});

test("issuer metadata", async () => {
  const metadata = await published("openid-credential-issuer");
  assert.deepEqual(judge("issuer", metadata), { failures: [], unknown: FOR_OLDER_DRAFTS });
  assert.equal(metadata.credential_issuer, issuer);
  for (const [name, url] of Object.entries(metadata).filter(([name]) => name.endsWith("_endpoint"))) {
    assert.ok(url.startsWith(`${issuer}/`), `${name} ${url}`);
  }
});

test("the validator fails our own metadata once it is broken", async () => {
  const metadata = await issuerMetadata(issuer);
  const [id] = Object.keys(metadata.credential_configurations_supported);
  const breaks = [
    (broken) => delete broken.credential_endpoint,
    (broken) => (broken.batch_credential_issuance.batch_size = 1),
    (broken) => (broken.credential_request_encryption.jwks = broken.credential_request_encryption.jwks.keys),
    (broken) => delete broken.credential_configurations_supported[id].format,
    (broken) => (broken.credential_configurations_supported[id].proof_types_supported.jwt = {}),
  ];
  for (const breakIt of breaks) {
    const broken = structuredClone(metadata);
    breakIt(broken);
    assert.notDeepEqual(judge("issuer", broken).failures, [], `${breakIt}`);
  }
});

test("every configuration says how keys are proved and how it is shown", async () => {
  for (const [id, configuration] of await configurations()) {
    const { proof_types_supported: proofs, cryptographic_binding_methods_supported: bindings } = configuration;
    assert.ok(proofs.jwt.proof_signing_alg_values_supported.length > 0, id);
    assert.ok(bindings.length > 0, id);
    assert.ok(configuration.credential_signing_alg_values_supported.length > 0, id);
    const { display, claims } = configuration.credential_metadata;
    assertLocalesDiffer(display);
    for (const claim of claims) assertLocalesDiffer(claim.display ?? []);
  }
});

function assertLocalesDiffer(display) {
  const locales = display.map(({ locale }) => locale);
  assertDistinct(locales);
  Intl.getCanonicalLocales(locales.filter(Boolean)); // throws if one is no BCP 47 tag
}

test("the display of an issuer", async () => {
  assertLocalesDiffer((await issuerMetadata(issuer)).display);
});

test("both formats of every program, and what older wallets read of them", async () => {
  const { credentials_supported: older } = await issuerMetadata(issuer);
  const all = Object.fromEntries(await configurations());
  assert.equal(all[environment.plain].format, "jwt_vc_json");
  assert.equal(all[`${environment.plain}.dc+sd-jwt`].format, "dc+sd-jwt");
  const { format, types } = older.find(({ id }) => id === environment.plain);
  const { type } = all[environment.plain].credential_definition;
  assert.deepEqual([format, [...types].sort()], ["jwt_vc_json", [...type].sort()]);
});

test("keys to encrypt requests to", async () => {
  const metadata = await issuerMetadata(issuer);
  const { credential_request_encryption: request, credential_response_encryption: response } = metadata;
  assertPublic(request.jwks.keys);
  for (const key of request.jwks.keys) assert.deepEqual([key.alg, key.use], ["ECDH-ES", "enc"]);
  for (const { enc_values_supported: encryptions, zip_values_supported: compressions } of [request, response]) {
    assert.deepEqual([[...encryptions].sort(), compressions], [["A128GCM", "A256GCM"], ["DEF"]]);
  }
});

function assertPublic(keys) {
  assert.ok(keys.length > 0);
  assertDistinct(keys.map(({ kid }) => kid));
  for (const key of keys) {
    assert.deepEqual(Object.keys(key).filter((name) => !PUBLIC_MEMBERS.includes(name)), [], "a public key");
    assert.ok(["EC", "OKP"].includes(key.kty), key.kty);
  }
}

test("authorization server metadata", async () => {
  const metadata = await published("oauth-authorization-server");
  assert.deepEqual(judge("authorizationServer", metadata), { failures: [], unknown: [] });
  assert.equal(metadata.issuer, issuer);
  assert.ok(metadata.grant_types_supported.includes(PRE_AUTHORIZED));
  assert.equal(metadata["pre-authorized_grant_anonymous_access_supported"], true);
  const scopes = (await configurations()).map(([, { scope }]) => scope);
  if (scopes.includes(undefined)) {
    assert.ok(metadata.authorization_details_types_supported.includes("openid_credential"));
  }
  if (metadata.jwks_uri) assertPublic(ok(await get(metadata.jwks_uri)).keys);
});

test("JWT VC issuer metadata", async () => {
  const { issuer: named, jwks } = await published("jwt-vc-issuer");
  assert.equal(named, issuer);
  assertPublic(jwks.keys);
});

for (const [what, program] of [["", "plain"], [" with a transaction code", "withTxCode"]]) {
  test(`an offer${what}`, async () => {
    const { id } = await offers.newOffer(environment[program]);
    const shown = await offers.claimCode(id);
    const byReference = new URL(offers.uriOf(shown, "1.0", "reference")).searchParams.get("credential_offer_uri");
    const offer = ok(await get(byReference), { type: "application/json" });
    assert.deepEqual(offers.valueOf(shown), offer);
    assert.deepEqual(judge("offer", offer), { failures: [], unknown: [] });
    assert.equal(offer.credential_issuer, issuer);
    assertDistinct(offer.credential_configuration_ids);
    assert.equal(offer.grants[PRE_AUTHORIZED].tx_code !== undefined, program === "withTxCode");
    assert.notDeepEqual(judge("offer", { ...offer, credential_configuration_ids: [] }).failures, []);
  });
}

test("the type metadata of SD-JWT credentials", async () => {
  for (const [id, { vct }] of (await configurations()).filter(([, { vct }]) => vct)) {
    const metadata = ok(await get(vct));
    assert.deepEqual(judge("typeMetadata", metadata), { failures: [], unknown: [] }, id);
    assert.equal(metadata.vct, vct);
  }
});
