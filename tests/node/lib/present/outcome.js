// What has to be true of a request after a wallet has answered it.

const assert = require("node:assert/strict");
const { refused } = require("../wallet/http");
const { SUBJECT } = require("../wallet/offers");

// That a result has these values of the credential, and nothing else of it.
async function assertVerified(verifier, made, { holding, claims, verdict = null }) {
  const result = await verifier.result(made);
  assert.equal(result.status, "verified", JSON.stringify(result));
  assert.deepEqual([result.error, result.verdict], [null, verdict]);
  const [{ id, format, issuer, state, claims: shown, checks }, ...more] = result.credentials;
  assert.deepEqual([id, format, issuer, state, more], ["card", holding.format, holding.payload.iss, "valid", []]);
  const values = Object.fromEntries(shown.map(({ path, value }) => [path.at(-1), value]));
  assert.deepEqual(values, Object.fromEntries(claims.map((claim) => [claim, SUBJECT[claim]])));
  for (const { check, result, reason } of checks) {
    assert.ok(["passed", "not_applicable"].includes(result), `${check}: ${reason}`);
  }
  assertSays(result, claims);
  await assertPublicStatus(verifier, made, "verified");
}

// That the wallet was refused, and that nothing of what it had shown is kept. Returns why.
async function assertRefused(verifier, made, answer, { status = "failed" } = {}) {
  refused(answer, "invalid_request");
  const { error_description: description } = answer.body;
  assert.ok(description.length > 0);
  await assertFailed(verifier, made, status);
  return description;
}

async function assertFailed(verifier, made, status = "failed") {
  const result = await verifier.result(made);
  assert.equal(result.status, status, JSON.stringify(result));
  if (status === "failed") {
    assert.match(result.error.code, /^[a-z_]+$/);
    assert.ok(result.error.description.length > 0);
  }
  for (const { claims } of result.credentials) assert.deepEqual(claims, []);
  assertSays(result, []);
  await assertPublicStatus(verifier, made, status);
}

// That an answer has the values of these claims somewhere, and of no others. A yes could not be told from any other, nor a
// number from a part of a time.
function assertSays(answer, claims) {
  const text = JSON.stringify(answer).replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"a time"');
  for (const [name, value] of Object.entries(SUBJECT).filter(([, value]) => typeof value !== "boolean")) {
    const written = JSON.stringify(value).replace(/^"|"$/g, "");
    assert.equal(text.includes(written), claims.includes(name), `${name} in ${text}`);
  }
}

async function assertPublicStatus(verifier, made, status) {
  const { correlationId, definitionId } = made;
  const { lastUpdated, ...shown } = await verifier.status(made);
  assert.deepEqual(shown, { correlationId, definitionId, status });
  const age = Date.now() - lastUpdated;
  assert.ok(age > -5_000 && age < 600_000, `lastUpdated ${lastUpdated}`);
}

module.exports = { assertFailed, assertPublicStatus, assertRefused, assertSays, assertVerified };
