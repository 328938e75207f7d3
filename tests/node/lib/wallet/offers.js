// The Credential Offers API, as far as a claim needs it.

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const environment = require("./environment");
const { get, ok, postJson, sendJson } = require("./http");

// Everything that a careless server escapes, trims, normalises or re-encodes.
const FULL_NAME = ` Zoë "Ω" O'Neill &#x27;&amp; <b>\\/</b> e\u0301 漢字 🎓 %41+1 \u2028`;

const CLAIMS = [
  { dataType: "string", claimName: "fullName", claimValue: FULL_NAME },
  { dataType: "number", claimName: "level", claimValue: "12.5" },
  { dataType: "boolean", claimName: "active", claimValue: "true" },
  { dataType: "date", claimName: "born", claimValue: "1990-02-28" },
];

// What these become in a credential.
const SUBJECT = { fullName: FULL_NAME, level: 12.5, active: true, born: "1990-02-28" };

const PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

const key = () => ({ "X-API-KEY": environment.adminKey });
const at = (id, rest = "") => `${environment.offersUrl}/${id}${rest}`;

async function newOffer(credentialId = environment.plain, more = {}) {
  const offer = { email: `${randomUUID()}@example.com`, credentialId, claims: CLAIMS, ...more };
  const body = { correlationId: environment.correlationId, credentialOffers: [offer] };
  const answer = ok(await postJson(environment.offersUrl, body, key()), { status: 201 });
  assert.deepEqual(answer.failedCredentialOffers, []);
  return answer.credentialOffers[0];
}

// What the page of an offer shows, for which nobody needs a key.
const claimCode = async (id) => ok(await get(at(id, "/claim")));

// Of that, the URI for wallets of a draft, by value or by reference.
function uriOf({ offers }, draft, by) {
  const found = offers.filter((offer) => offer.draft === draft && offer.by === by);
  assert.equal(found.length, 1, `${draft} by ${by} among ${JSON.stringify(offers)}`);
  return found[0].uri;
}

// Of that, what wallets of 1.0 read.
const valueOf = (shown) => JSON.parse(new URL(uriOf(shown, "1.0", "value")).searchParams.get("credential_offer"));

// Of that, the form of the transaction code that the person will be asked for.
const txCodeOf = (shown) => valueOf(shown).grants[PRE_AUTHORIZED].tx_code;

const offerUri = async (id, draft, by) => uriOf(await claimCode(id), draft, by);

const record = async (id) => ok(await get(at(id), key()));

const issueStatus = async (id) => ok(await get(at(id, "/status"))).status;

async function revoke(id) {
  const body = { revoke: [{ id, revocationReason: "Credential compromised" }] };
  const { revocations, failed } = ok(await sendJson("PATCH", at("revoke"), body, key()));
  assert.deepEqual([revocations.map((offer) => offer.id), failed], [[id], []]);
}

module.exports = {
  PRE_AUTHORIZED,
  SUBJECT,
  claimCode,
  issueStatus,
  newOffer,
  offerUri,
  record,
  revoke,
  txCodeOf,
  uriOf,
  valueOf,
};
