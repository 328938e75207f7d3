// Runs the partners' code of issue-on-behalf.js against the server that BESTOW_ENV_FILE (the dev.env of `bestow dev`)
// describes.

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { test } = require("node:test");
const { setTimeout: sleep } = require("node:timers/promises");
const dotenv = require("dotenv");

// Before the partners' code is loaded, since that reads BASE_URL at once.
const { error } = dotenv.config({ path: process.env.BESTOW_ENV_FILE });
if (error) throw error;
process.env.BASE_URL = `${process.env.BESTOW_URL}/v1`;
process.env.ISSUER_DID = process.env.BESTOW_ISSUER_DID;
process.env.CREDENTIAL_ID = process.env.BESTOW_PROGRAM_ID;

const { issueOnBehalf, getStatus, issueOnBehalfWithRetry } = require("./issue-on-behalf.js");

const SUBJECT = { age: 25, location: "United States", isMember: true };
const REVOKED = ["WAIT_REMOVE", "REMOVE"];

const newEmail = () => `${randomUUID()}@example.com`;

// Polls until ONCHAIN, for two seconds from now.
async function untilOnchain(email, coreClaimHash) {
  const deadline = Date.now() + 2000;
  for (;;) {
    const status = await getStatus(email, coreClaimHash);
    if (status.vcStatus === "ONCHAIN") return status;
    assert.equal(status.vcStatus, "WAIT_ONCHAIN");
    assert.ok(Date.now() < deadline, "not ONCHAIN within two seconds");
    await sleep(50);
  }
}

// Runs the body with other values of environment variables, which the partners' code reads at each call.
async function withEnv(variables, body) {
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  Object.assign(process.env, variables);
  try {
    await body();
  } finally {
    Object.assign(process.env, before);
  }
}

test("a credential is issued and on chain within two seconds", async () => {
  const email = newEmail();
  const issued = await issueOnBehalf(email, SUBJECT);
  assert.deepEqual(Object.keys(issued).sort(), ["coreClaimHash", "credentialId", "userUuid"]);
  assert.match(issued.coreClaimHash, /^[0-9a-f]{64}$/);
  assert.equal(issued.credentialId, process.env.CREDENTIAL_ID);
  assert.match(issued.userUuid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

  const status = await untilOnchain(email, issued.coreClaimHash);
  assert.equal(status.coreClaimHash, issued.coreClaimHash);
  assert.equal(status.issuerDid, process.env.ISSUER_DID);
  assert.match(status.vcId, /^[0-9A-Za-z]+$/);
  assert.match(status.issuanceDate, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  const age = Date.now() - Date.parse(`${status.issuanceDate.replace(" ", "T")}Z`);
  assert.ok(age > -2000 && age < 60_000, `issuanceDate is the time of issue in UTC: ${status.issuanceDate}`);
});

test("issuing again revokes the first credential and gives the same user another", async () => {
  const email = newEmail();
  const first = await issueOnBehalf(email, SUBJECT);
  await untilOnchain(email, first.coreClaimHash);

  const second = await issueOnBehalf(email, SUBJECT);
  assert.notEqual(second.coreClaimHash, first.coreClaimHash);
  assert.equal(second.userUuid, first.userUuid);
  assert.ok(REVOKED.includes((await getStatus(email, first.coreClaimHash)).vcStatus));
  await untilOnchain(email, second.coreClaimHash);
});

test("a credential that was never polled can be revoked by another issue", async () => {
  const email = newEmail();
  const first = await issueOnBehalf(email, SUBJECT);
  const second = await issueOnBehalf(email, SUBJECT);
  await untilOnchain(email, second.coreClaimHash);
  assert.ok(REVOKED.includes((await getStatus(email, first.coreClaimHash)).vcStatus));
});

test("different people are different users", async () => {
  const [first, second] = await Promise.all([issueOnBehalf(newEmail(), SUBJECT), issueOnBehalf(newEmail(), SUBJECT)]);
  assert.notEqual(first.userUuid, second.userUuid);
  assert.notEqual(first.coreClaimHash, second.coreClaimHash);
});

test("a retry after a lost answer leaves one valid credential", async (t) => {
  const email = newEmail();
  const send = globalThis.fetch;
  let lost;
  t.mock.method(globalThis, "fetch", async (...request) => {
    const response = await send(...request);
    if (lost !== undefined) return response;
    lost = await response.json();
    throw new TypeError("fetch failed");
  });

  const issued = await issueOnBehalfWithRetry(email, SUBJECT);
  await untilOnchain(email, issued.coreClaimHash);
  if (issued.coreClaimHash !== lost.coreClaimHash) {
    assert.ok(REVOKED.includes((await getStatus(email, lost.coreClaimHash)).vcStatus));
  }
});

test("a subject that does not match the schema is refused", async () => {
  const refused = { message: "Issue failed: 400" };
  await assert.rejects(issueOnBehalf(newEmail(), { ...SUBJECT, age: "twenty-five" }), refused);
  await assert.rejects(issueOnBehalf(newEmail(), { ...SUBJECT, unknown: true }), refused);
  await assert.rejects(issueOnBehalfWithRetry(newEmail(), { ...SUBJECT, isMember: null }, 1), refused);
});

test("an unknown program, issuer or credential is not found", async () => {
  const notFound = { message: "Issue failed: 404" };
  await withEnv({ CREDENTIAL_ID: "c21s70g0i54sn0000000000" }, () =>
    assert.rejects(issueOnBehalf(newEmail(), SUBJECT), notFound));
  await withEnv({ ISSUER_DID: "did:air:id:test:unknown" }, () =>
    assert.rejects(issueOnBehalf(newEmail(), SUBJECT), notFound));
  await assert.rejects(getStatus(newEmail(), "0".repeat(64)), { message: "Status failed: 404" });
});

test("a token whose key is not the partner's is refused", async () => {
  await withEnv({ BESTOW_PARTNER_KID: "unknown" }, async () => {
    await assert.rejects(issueOnBehalf(newEmail(), SUBJECT), { message: "Issue failed: 401" });
    await assert.rejects(getStatus(newEmail(), "0".repeat(64)), { message: "Status failed: 401" });
  });
});
