// Runs the twelve HTTP examples of the Credential Offers API, with ids that exist, against the server that BESTOW_ENV_FILE
// (the dev.env of `bestow dev`) describes; and has wallets' libraries read the claim code.

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { readdir, readFile } = require("node:fs/promises");
const path = require("node:path");
const { test } = require("node:test");
const { setTimeout: sleep } = require("node:timers/promises");
const dotenv = require("dotenv");
const { CredentialOfferClient } = require("@sphereon/oid4vci-client");

const { error } = dotenv.config({ path: process.env.BESTOW_ENV_FILE });
if (error) throw error;
const {
  BESTOW_ADMIN_KEY: ADMIN_KEY,
  BESTOW_CORRELATION_ID: CORRELATION_ID,
  BESTOW_CREDENTIAL_ID: CREDENTIAL_ID,
  BESTOW_MAIL_DIR: MAIL_DIR,
  BESTOW_OFFERS_URL: OFFERS,
  BESTOW_ORGANISATION_PROFILE_ID: PROFILE_ID,
  BESTOW_URL: URL,
  BESTOW_USER_KEY: USER_KEY,
} = process.env;

const REFERENCE_ID = "439c355a-9d79-4ab6-88cd-d4a44edbb08c";
const CLAIM = { dataType: "string", claimName: "fullName", claimValue: "John Doe" };
const PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
// One red pixel.
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const newEmail = () => `${randomUUID()}@example.com`;
const nextYear = () => new Date(Date.now() + 365 * 86_400_000).toISOString();

// Sends a request, with a key unless it is null, and a body: an object becomes JSON, a form goes as it is. `body` of what is
// returned is parsed JSON, undefined if there was none.
async function call(method, url, { key = USER_KEY, body } = {}) {
  const headers = { Accept: "*/*" };
  if (key) headers["X-API-KEY"] = key;
  const isForm = body instanceof FormData;
  if (body && !isForm) headers["Content-Type"] = "application/json";
  const response = await fetch(url, { method, headers, body: body && !isForm ? JSON.stringify(body) : body });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

async function ok(status, method, url, options) {
  const answer = await call(method, url, options);
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  return answer.body;
}

async function refused(status, code, method, url, options) {
  const answer = await call(method, url, options);
  assert.deepEqual([answer.status, answer.body.statusCode, answer.body.code], [status, status, code]);
  return answer;
}

const bulk = (credentialOffers, rest = {}) => ({
  correlationId: CORRELATION_ID,
  organisationProfileId: PROFILE_ID,
  credentialOffers,
  ...rest,
});

async function newOffer(email = newEmail()) {
  const offer = { email, credentialId: CREDENTIAL_ID, referenceId: REFERENCE_ID, claims: [CLAIM] };
  const answer = await ok(201, "POST", OFFERS, { body: bulk([offer]) });
  assert.deepEqual(answer.failedCredentialOffers, []);
  return answer.credentialOffers[0];
}

// A key of a user that has not asked for any mail yet.
async function newUserKey() {
  const url = OFFERS.replace(/credential-offers$/, "api-keys");
  const body = { name: "a test's", roles: ["Issuer_User"] };
  return (await ok(201, "POST", url, { key: ADMIN_KEY, body })).rawKey;
}

test("search history", async () => {
  await ok(200, "GET", `${OFFERS}?filter.email=${newEmail()}`);
  const { data, meta, links } = await ok(200, "GET", `${OFFERS}/search-history`);
  assert.equal(data[0].recordsFound, 0);
  assert.ok(data[0].searchQuery.filter && data[0].createdBy && meta.totalItems >= 1 && links.current);
});

test("type usage", async () => {
  const { createdAt } = await newOffer();
  const usage = await ok(200, "GET", `${OFFERS}/type-usage`);
  const used = usage.find(({ credentialType }) => credentialType === CREDENTIAL_ID);
  assert.ok(used.latestCreatedAt >= createdAt, JSON.stringify(usage));
});

test("one offer", async () => {
  const made = await newOffer();
  const offer = await ok(200, "GET", `${OFFERS}/${made.id}`);
  assert.equal(offer.organisationProfile.name, "Demo Organisation");
  assert.equal(offer.organisationProfile.isDefault, true);
  assert.deepEqual({ ...offer, organisationProfile: made.organisationProfile }, made);
  await refused(404, "credential_offer_not_found", "GET", `${OFFERS}/${randomUUID()}`);
});

test("delete", async () => {
  const { id } = await newOffer();
  assert.equal(await ok(204, "DELETE", `${OFFERS}/${id}`), undefined);
  await refused(404, "credential_offer_not_found", "GET", `${OFFERS}/${id}`);
});

test("claim code, which wallets understand", async () => {
  const { id } = await newOffer();
  const claim = await ok(200, "GET", `${OFFERS}/${id}/claim`, { key: null });
  assert.equal(claim.userPinRequired, false);
  assert.deepEqual(claim.credentialNames, ["Example Credential"]);
  assert.deepEqual(claim.credentialTypes, ["ExampleCredential", "VerifiableCredential"]);
  assert.equal(claim.organisationProfile.name, "Demo Organisation");

  const read = await CredentialOfferClient.fromURI(claim.uri);
  assert.equal(read.version, 1011, "draft 11");
  assert.deepEqual(read.supportedFlows, ["Pre-Authorized Code Flow"]);
  assert.match(read.preAuthorizedCode, /^[\w-]{22}$/);
  assert.equal(read.userPinRequired, false);
  assert.deepEqual(read.credential_offer.credentials, [CREDENTIAL_ID]);
  const issuer = read.credential_offer.credential_issuer;
  assert.ok(issuer.startsWith(`${URL}/`), issuer);

  const { Openid4vciClient, setGlobalConfig } = await import("@openid4vc/openid4vci");
  setGlobalConfig({ allowInsecureUrls: true }); // the development server's URL is http
  const offer = await new Openid4vciClient({ callbacks: { fetch } }).resolveCredentialOffer(claim.uri);
  assert.equal(offer.credential_issuer, issuer);
  assert.deepEqual(offer.credential_configuration_ids, [CREDENTIAL_ID]);
  assert.equal(offer.grants[PRE_AUTHORIZED]["pre-authorized_code"], read.preAuthorizedCode);
});

test("status", async () => {
  const before = Date.now();
  const { id } = await newOffer();
  const status = await ok(200, "GET", `${OFFERS}/${id}/status`, { key: null });
  assert.equal(status.status, "OFFER_CREATED");
  for (const moment of [status.createdAt, status.lastUpdatedAt]) {
    assert.ok(moment >= before - 1000 && moment <= Date.now() + 1000, "milliseconds since 1970");
  }
});

test("list", async () => {
  const made = await newOffer(`john+${newEmail()}`);
  const query = new URLSearchParams({ "filter.email": made.email, page: "1", limit: "20" });
  const { data, meta, links } = await ok(200, "GET", `${OFFERS}?${query}`);
  assert.deepEqual(data.map(({ id }) => id), [made.id]);
  assert.deepEqual([meta.itemsPerPage, meta.totalItems, meta.currentPage, meta.totalPages], [20, 1, 1, 1]);
  assert.deepEqual(await ok(200, "GET", links.current), { data, meta, links }, "links can be followed");
});

test("create in bulk", async () => {
  const name = randomUUID();
  const collections = OFFERS.replace(/credential-offers$/, "credential-offer-collections");
  const collection = await ok(201, "POST", collections, { body: { name } });
  const good = {
    email: "example@example.com",
    credentialId: CREDENTIAL_ID,
    referenceId: REFERENCE_ID,
    claims: [CLAIM],
    expirationDate: nextYear(),
  };
  const bad = { ...good, credentialId: "exampleCredential" };
  const body = bulk([good, bad], { credentialOfferCollectionId: collection.id });
  const answer = await ok(201, "POST", OFFERS, { body });
  assert.equal(answer.organisationProfile.id, PROFILE_ID);
  const [made] = answer.credentialOffers;
  for (const member of ["email", "credentialId", "referenceId", "expirationDate"]) {
    assert.equal(made[member], good[member]);
  }
  assert.equal(made.status, "ready_to_claim");
  assert.equal(made.credentialOfferCollection.name, name);
  const { error: why, errorCode, index, ...failed } = answer.failedCredentialOffers[0];
  assert.deepEqual([errorCode, index, typeof why], ["credential_id_not_supported", 1, "string"]);
  assert.deepEqual(failed, { ...bad, correlationId: CORRELATION_ID, organisationProfileId: PROFILE_ID });
});

test("share with e-mail", async () => {
  const key = await newUserKey();
  const { id } = await newOffer();
  const share = `${OFFERS}/share-with-email`;
  const body = { credentialOfferIds: [id] };
  assert.deepEqual(await ok(201, "POST", share, { key, body }), [{ credentialOfferId: id, status: "ENQUEUED" }]);
  for (let tries = 0; !(await ok(200, "GET", `${OFFERS}/${id}`)).emailSent; tries++) {
    assert.ok(tries < 200, "not sent within ten seconds");
    await sleep(50);
  }
  const files = (await readdir(MAIL_DIR)).filter((file) => file.endsWith(".eml"));
  const messages = await Promise.all(files.map((file) => readFile(path.join(MAIL_DIR, file), "utf8")));
  const link = `${URL}/claim/${id}`;
  const sent = messages.filter((message) => message.replaceAll("=\r\n", "").includes(link));
  assert.equal(sent.length, 1);

  await ok(201, "POST", share, { key, body });
  const { headers } = await refused(429, "rate_limited", "POST", share, { key, body });
  const seconds = Number(headers.get("Retry-After"));
  assert.ok(seconds >= 1 && seconds <= 60, `${seconds}`);
});

test("resend a revocation e-mail, of what was not revoked", async () => {
  const { id } = await newOffer();
  const options = { key: await newUserKey(), body: { credentialOfferId: id } };
  await refused(409, "credential_offer_not_revoked", "POST", `${OFFERS}/resend-revocation-email`, options);
});

test("upload an image", async () => {
  const form = new FormData();
  const bytes = Buffer.from(PNG, "base64");
  form.append("image", new Blob([bytes], { type: "image/png" }), "cover.png");
  const image = await ok(201, "POST", `${OFFERS}/image-upload`, { body: form });
  assert.deepEqual([image.mimeType, image.filename, image.type], ["image/png", "cover.png", "cover_image"]);
  const served = await fetch(image.keyUrl);
  assert.equal(served.headers.get("Content-Type"), "image/png");
  const signature = Buffer.from(await served.arrayBuffer()).subarray(0, 8);
  assert.deepEqual(signature, bytes.subarray(0, 8));
});

test("revoke, what was not claimed", async () => {
  const { id } = await newOffer();
  const body = { revoke: [{ id, revocationReason: "Credential compromised" }] };
  const { revocations, failed } = await ok(200, "PATCH", `${OFFERS}/revoke`, { body });
  assert.deepEqual(revocations, []);
  assert.deepEqual(failed.map(({ id, code }) => [id, code]), [[id, "credential_offer_not_claimed"]]);
});

test("without a key", async () => {
  await refused(401, "unauthorized", "GET", OFFERS, { key: null });
  await refused(401, "unauthorized", "GET", OFFERS, { key: "YOUR_API_KEY" });
});
