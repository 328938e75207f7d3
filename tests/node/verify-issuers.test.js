// Whose credentials a verifier accepts: wallets present what npm @sd-jwt/sd-jwt-vc has issued as a stranger.

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");
const { ok } = require("./lib/wallet/http");
const { WalletKey } = require("./lib/wallet/keys");
const { claim } = require("./lib/present/holding");
const { assertRefused } = require("./lib/present/outcome");
const { Stranger } = require("./lib/present/stranger");
const { Verifier, query } = require("./lib/present/verifier");
const { Presenter } = require("./lib/present/wallet");

const ASKED = ["fullName", "level"];
const CLAIMS = { fullName: "Somebody", level: 3 };
const WAYS = ["https", "did:web", "did:jwk"];

const verifier = Verifier.main();
let card, stranger;
before(async () => {
  [card, stranger] = [await claim(), await Stranger.start({ statuses: [0, 1, 2, 3] })];
});
after(() => stranger.stop());

// What the stranger issues under the name of what is issued here.
const issued = (more) => stranger.issue({ claims: CLAIMS, vct: card.configuration.vct, index: 0, ...more });

async function presented(holding, trustedIssuers) {
  const made = await verifier.ask(query(holding, ASKED), { trustedIssuers });
  return { made, answer: await (await Presenter.of([holding])).present(made.authRequestURI) };
}

async function refuses(holding, why, trustedIssuers) {
  const { made, answer } = await presented(holding, trustedIssuers);
  assert.match(await assertRefused(verifier, made, answer), why);
}

async function accepts(holding, trustedIssuers) {
  const { made, answer } = await presented(holding, trustedIssuers);
  ok(answer);
  const { status, credentials } = await verifier.result(made);
  assert.equal(status, "verified");
  assert.deepEqual([credentials[0].issuer, credentials[0].state], [holding.issuer, "valid"]);
  const values = Object.fromEntries(credentials[0].claims.map(({ path, value }) => [path[0], value]));
  assert.deepEqual(values, CLAIMS);
}

for (const by of WAYS) {
  describe(by, () => {
    test("not trusted", async () => refuses(await issued({ by }), /issuer/));
    test("named", async () => accepts(await issued({ by }), ["https://example.com", stranger.issuers[by].iss]));
    test("any", async () => accepts(await issued({ by }), ["*"]));
    test("revoked", async () => refuses(await issued({ by, index: 1 }), /revoked/, ["*"]));
    test("suspended", async () => refuses(await issued({ by, index: 2 }), /suspended/, ["*"]));
    test("a status that is none of these", async () => refuses(await issued({ by, index: 3 }), /status/, ["*"]));
  });
}

test("one that is not among those that are trusted, be it the tenant's own", async () => {
  await refuses(await issued(), /issuer/, ["https://example.com"]);
  await refuses(card, /issuer/, [stranger.issuers.https.iss]);
});

test("one that is trusted under another name", async () => {
  await refuses(await issued({ by: "did:web" }), /issuer/, [stranger.issuers.https.iss]);
});

test("one whose status list does not answer", async () => {
  const gone = await Stranger.start();
  const holding = await gone.issue({ by: "did:jwk", claims: CLAIMS, index: 0 });
  await gone.stop();
  await refuses(holding, /status list/, ["*"]);
});

describe("the holder's key", () => {
  test("with nothing but what it needs", async () => {
    const key = new WalletKey();
    const { kty, crv, x, y } = key.jwk;
    await accepts(await issued({ key, more: { cnf: { jwk: { kty, crv, x, y } } } }), ["*"]);
  });

  test("with more than it needs", async () => {
    const key = new WalletKey();
    const jwk = { ...key.jwk, alg: "ES256", use: "sig", kid: "anything", key_ops: ["verify"] };
    await accepts(await issued({ key, more: { cnf: { jwk } } }), ["*"]);
  });

  test("none", async () => refuses(await issued({ more: { cnf: undefined } }), /key/, ["*"]));
});
