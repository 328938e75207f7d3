// Claims of OpenID4VCI 1.0 with encrypted messages (section 10, with npm jose) and later than asked for (section 9), from
// the server that BESTOW_ENV_FILE (the dev.env of `bestow dev`) describes.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { setTimeout: sleep } = require("node:timers/promises");
const { AT_ONCE } = require("./lib/wallet/at-once");
const { checkClaim } = require("./lib/wallet/claim");
const { ResponseKey, postEncrypted } = require("./lib/wallet/encryption");
const environment = require("./lib/wallet/environment");
const { ok, refused } = require("./lib/wallet/http");
const offers = require("./lib/wallet/offers");
const { Wallet } = require("./lib/wallet/openid4vc");
const { Exchange } = require("./lib/wallet/exchange");

const JSON_TYPE = "application/json";

const credentialEndpoint = ({ metadata }) => metadata.credential_endpoint;
const deferredEndpoint = ({ metadata }) => metadata.deferred_credential_endpoint;

describe("encryption", AT_ONCE, () => {
  for (const enc of ["A128GCM", "A256GCM"]) {
    for (const zip of [undefined, "DEF"]) {
      for (const format of ["dc+sd-jwt", "jwt_vc_json"]) {
        test(`${format}, both ways with ${enc}${zip ? ", compressed" : ""}`, async () => {
          const exchange = await Exchange.start(environment.plain, format);
          const key = await ResponseKey.of();
          const body = await exchange.request(key.wanted(enc, { zip }));
          const answer = await postEncrypted(credentialEndpoint(exchange), body, { ...exchange, enc, zip });
          await checkClaim(exchange.offer.id, exchange.received(await key.open(answer, { enc, zip })));
        });
      }
    }
  }

  test("an encrypted request, an answer in the clear", async () => {
    const exchange = await Exchange.start();
    const to = { ...exchange, enc: "A256GCM" };
    const answer = await postEncrypted(credentialEndpoint(exchange), await exchange.request(), to);
    await checkClaim(exchange.offer.id, exchange.received(ok(answer, { type: JSON_TYPE })));
  });

  test("a refusal is in the clear", async () => {
    const exchange = await Exchange.start();
    const key = await ResponseKey.of();
    const { proofs: _, ...body } = await exchange.request(key.wanted("A256GCM"));
    refused(await postEncrypted(credentialEndpoint(exchange), body, { ...exchange, enc: "A128GCM" }), "invalid_proof");
  });

  test("an encrypted answer has to be asked for in an encrypted request", async () => {
    const exchange = await Exchange.start();
    const key = await ResponseKey.of();
    refused(await exchange.ask(await exchange.request(key.wanted("A256GCM"))), "invalid_encryption_parameters");
  });

  for (const [what, alg, enc, more] of [
    ["a content encryption that is not published", "ECDH-ES", "A192CBC-HS384"],
    ["a key management that is not published", "ECDH-ES+A256KW", "A256GCM"],
    ["a compression that is not published", "ECDH-ES", "A256GCM", { zip: "GZIP" }],
  ]) {
    test(`an answer with ${what}`, async () => {
      const exchange = await Exchange.start();
      const key = await ResponseKey.of(alg);
      const body = await exchange.request(key.wanted(enc, more));
      const answer = await postEncrypted(credentialEndpoint(exchange), body, { ...exchange, enc: "A256GCM" });
      refused(answer, "invalid_encryption_parameters");
    });
  }

  test("a request encrypted to another key than the issuer's", async () => {
    const exchange = await Exchange.start();
    const [{ kid }] = exchange.metadata.credential_request_encryption.jwks.keys;
    const jwk = { ...(await ResponseKey.of()).jwk, kid };
    const to = { ...exchange, jwk, enc: "A256GCM" };
    const answer = await postEncrypted(credentialEndpoint(exchange), await exchange.request(), to);
    refused(answer, "invalid_encryption_parameters");
  });
});

// Asks, and gets the id with which to ask again.
async function deferred() {
  const exchange = await Exchange.start(environment.deferred);
  const later = ok(await exchange.ask(await exchange.request()), { status: 202, type: JSON_TYPE });
  assertLater(later);
  return { exchange, id: later.transaction_id };
}

function assertLater(answer) {
  assert.deepEqual(Object.keys(answer).sort(), ["interval", "transaction_id"]);
  assert.ok(Number.isInteger(answer.interval) && answer.interval > 0, `interval ${answer.interval}`);
}

const inClear = ({ body }) => body;

// Asks again, `ask(id)`, as often as the issuer says in what `read` makes of its answers, until it says something else.
async function untilIssued(ask, id, read = inClear) {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const answer = await ask(id);
    if (answer.status !== 202) return answer;
    const later = await read(answer);
    assertLater(later);
    assert.equal(later.transaction_id, id);
    await sleep(later.interval * 1000);
  }
  assert.fail("nothing within a minute");
}

describe("deferred", AT_ONCE, () => {
  test("a credential that is issued later", async () => {
    const { exchange, id } = await deferred();
    const ask = (transaction_id) => exchange.askLater({ transaction_id });
    const received = exchange.received(ok(await untilIssued(ask, id), { type: JSON_TYPE }));
    refused(await ask(id), "invalid_transaction_id");
    await checkClaim(exchange.offer.id, received);
  });

  test("a credential that is issued later, encrypted both ways", async () => {
    const { exchange, id } = await deferred();
    const key = await ResponseKey.of();
    const enc = "A128GCM";
    const ask = (transaction_id) =>
      postEncrypted(deferredEndpoint(exchange), { transaction_id, ...key.wanted(enc) }, { ...exchange, enc });
    const read = (answer) => key.open(answer, { enc, status: answer.status });
    const received = exchange.received(await read(await untilIssued(ask, id, read)));
    refused(await exchange.askLater({ transaction_id: id }), "invalid_transaction_id");
    await checkClaim(exchange.offer.id, received);
  });

  test("the transaction of another offer", async () => {
    const { id } = await deferred();
    const { exchange } = await deferred();
    refused(await exchange.askLater({ transaction_id: id }), "invalid_transaction_id");
    refused(await exchange.askLater({ transaction_id: "unknown" }), "invalid_transaction_id");
  });

  test("npm @openid4vc/openid4vci gets a credential that is issued later", async () => {
    const offer = await offers.newOffer(environment.deferred);
    const wallet = await Wallet.of();
    const received = await wallet.claim(await offers.offerUri(offer.id, "1.0", "reference"), "dc+sd-jwt");
    const credentials = await wallet.fetchLater(received.answer);
    await checkClaim(offer.id, { ...received, credentials });
  });
});
