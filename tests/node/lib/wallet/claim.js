// All that has to be true after a wallet has claimed an offer, whatever the wallet.

const assert = require("node:assert/strict");
const { setTimeout: sleep } = require("node:timers/promises");
const { didDocument, didWebOf } = require("./issuer");
const { assertDidOf, checkJwtVc } = require("./jwt-vc");
const offers = require("./offers");
const { checkSdJwt } = require("./sd-jwt");

const CHECKS = { "dc+sd-jwt": checkSdJwt, jwt_vc_json: checkJwtVc };

// `received`: the issuer's identifier, the configuration and format that was asked for, the keys that were proved (one
// for each credential) and the credentials. Checks them and the offer's record, then revokes the offer, which has to show
// in the status lists.
async function checkClaim(offerId, received) {
  const copies = await checkCredentials(received);
  await checkRecord(offerId, received);
  await checkRevocation(offerId, copies);
}

async function checkCredentials({ issuer, format, configuration, keys, credentials, subject = offers.SUBJECT }) {
  assert.equal(credentials.length, keys.length, "one credential for each key");
  const check = CHECKS[format];
  const copies = await Promise.all(
    credentials.map((credential, n) => check(credential, { issuer, configuration, key: keys[n], subject })),
  );
  for (const copy of copies) assert.equal(await copy.status(), 0);
  assertUnlinkable(copies);
  return copies;
}

// Copies share no status index, no salt and no holder; and so no document.
function assertUnlinkable(copies) {
  assertDistinct(copies.map(({ place }) => place));
  assertDistinct(copies.map(({ holder }) => JSON.stringify(holder)));
  assertDistinct(copies.flatMap(({ salts }) => salts));
  assertDistinct(copies.map(({ payload }) => payload.jti).filter(Boolean));
}

const assertDistinct = (list) => assert.equal(new Set(list).size, list.length, `distinct: ${list.join(" ")}`);

async function checkRecord(offerId, { issuer, keys }) {
  const { status, subject, issuer: did, revocationId, issuedAt } = await offers.record(offerId);
  assert.equal(status, "claimed");
  assertDidOf(keys[0], subject);
  const { id, alsoKnownAs = [] } = await didDocument(didWebOf(issuer));
  assert.ok([id, ...alsoKnownAs].includes(did), `the issuer's DID: ${did}`);
  assert.ok(typeof revocationId === "string" && revocationId.length > 0, `revocationId ${revocationId}`);
  const age = Date.now() - Date.parse(issuedAt);
  assert.ok(age > -5_000 && age < 600_000, `issuedAt ${issuedAt}`);
}

async function checkRevocation(offerId, copies) {
  await offers.revoke(offerId);
  await Promise.all(copies.map(untilRevoked));
  assert.equal((await offers.record(offerId)).status, "revoked");
}

// Lists may be cached for a second; three of them are patience enough.
async function untilRevoked({ status, library }) {
  for (const deadline = Date.now() + 3000; (await status()) !== 1; ) {
    assert.ok(Date.now() < deadline, "revoked in the status list within three seconds");
    await sleep(100);
  }
  if (library) await assert.rejects(library(), /Status is not valid/);
}

module.exports = { assertDistinct, checkClaim, checkCredentials, checkRecord };
