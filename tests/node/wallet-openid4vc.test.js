// npm @openid4vc/openid4vci, a wallet that we did not write, claims from the server that BESTOW_ENV_FILE (the dev.env of
// `bestow dev`) describes, and what it got is verified.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");
const { AT_ONCE } = require("./lib/wallet/at-once");
const { checkClaim, checkCredentials, checkRecord } = require("./lib/wallet/claim");
const environment = require("./lib/wallet/environment");
const { keyOfIssuer } = require("./lib/wallet/issuer");
const { verifyJws } = require("./lib/wallet/jws");
const { WalletKey } = require("./lib/wallet/keys");
const { txCode } = require("./lib/wallet/mail");
const offers = require("./lib/wallet/offers");
const { Wallet } = require("./lib/wallet/openid4vc");

const FORMATS = ["dc+sd-jwt", "jwt_vc_json"];
const WAYS = ["value", "reference"];
// The drafts that the wallet speaks, each with the form of the offer that it is given, the formats that it knows, and
// whether it knows requests with several keys.
const DRAFTS = [
  { draft: "1.0", form: "1.0", formats: FORMATS, batch: true },
  { draft: "15", form: "15", formats: FORMATS, batch: true },
  { draft: "14", form: "13", formats: ["jwt_vc_json"], batch: true },
  { draft: "11", form: "11", formats: ["jwt_vc_json"], batch: false },
];

const threeKeys = () => [new WalletKey(), new WalletKey(), new WalletKey()];

// An OAuth error that the wallet was answered.
const refusal = (code, status = 400) => (error) => {
  assert.deepEqual([error.errorResponse?.error, error.response?.status], [code, status], error.message);
  return true;
};

// A new offer and its URI.
async function offered({ form = "1.0", by = "reference", program, more } = {}) {
  const offer = await offers.newOffer(program, more);
  return { offer, uri: await offers.offerUri(offer.id, form, by) };
}

for (const { draft, form, formats, batch } of DRAFTS) {
  describe(`OpenID4VCI ${draft}`, AT_ONCE, () => {
    for (const format of formats) {
      for (const by of WAYS) {
        test(`${format}, by ${by}`, async () => {
          const { offer, uri } = await offered({ form, by });
          const wallet = await Wallet.of({ draft });
          const received = await wallet.claim(uri, format);
          assert.equal(received.issuer, environment.issuer);
          await checkClaim(offer.id, received);
        });
      }

      if (!batch) continue;
      test(`${format}, three keys at once`, async () => {
        const { offer, uri } = await offered({ form });
        const wallet = await Wallet.of({ draft, keys: threeKeys() });
        await checkClaim(offer.id, await wallet.claim(uri, format));
      });
    }

    for (const by of WAYS) {
      test(`a transaction code from the mail, by ${by}`, async () => {
        const offer = await offers.newOffer(environment.withTxCode);
        const shown = await offers.claimCode(offer.id);
        const wallet = await (await Wallet.of({ draft })).read(offers.uriOf(shown, form, by));
        const code = await txCode(offer.email, offers.txCodeOf(shown));
        assert.ok(!JSON.stringify(shown).includes(code), "not where the offer is");
        await assert.rejects(wallet.authorize({ txCode: wrong(code) }), refusal("invalid_grant"));
        await wallet.authorize({ txCode: code });
        await checkClaim(offer.id, await wallet.fetch("jwt_vc_json"));
      });
    }
  });
}

// A code of the same form, with another last character.
const wrong = (code) => code.slice(0, -1) + (code.at(-1) === "7" ? "8" : "7");

describe("DPoP", AT_ONCE, () => {
  for (const format of FORMATS) {
    test(`as the program requires, ${format}`, async () => {
      const { offer, uri } = await offered({ program: environment.withDpop });
      await checkClaim(offer.id, await (await Wallet.of({ dpop: true })).claim(uri, format));
    });

    test(`as the wallet likes, ${format}`, async () => {
      const { offer, uri } = await offered();
      const wallet = await Wallet.of({ dpop: true, keys: threeKeys() });
      const received = await wallet.claim(uri, format);
      await wallet.notify(received.answer, "credential_accepted");
      await checkClaim(offer.id, received);
    });
  }

  test("none, where the program requires it", async () => {
    const { uri } = await offered({ program: environment.withDpop });
    const wallet = await (await Wallet.of()).read(uri);
    await assert.rejects(wallet.authorize(), refusal("invalid_dpop_proof"));
  });
});

describe("keys", AT_ONCE, () => {
  for (const alg of ["ES256", "ES256K", "EdDSA"]) {
    for (const binding of ["jwk", "did:jwk", "did:key"]) {
      test(`${alg} as ${binding}`, async () => {
        for (const format of FORMATS) {
          const { offer, uri } = await offered();
          const wallet = await Wallet.of({ keys: [new WalletKey(alg)], binding });
          const received = await wallet.claim(uri, format);
          await checkCredentials(received);
          await checkRecord(offer.id, received);
        }
      });
    }
  }
});

for (const event of ["credential_accepted", "credential_deleted", "credential_failure"]) {
  test(`the notification ${event}`, async () => {
    const { offer, uri } = await offered();
    const wallet = await Wallet.of();
    const { answer } = await wallet.claim(uri, "dc+sd-jwt");
    assert.equal(await offers.issueStatus(offer.id), "CREDENTIAL_ISSUED");
    await wallet.notify(answer, event);
    await wallet.notify(answer, event);
    assert.equal(await offers.issueStatus(offer.id), `NOTIFICATION_${event.toUpperCase()}`);
  });
}

for (const format of FORMATS) {
  test(`a credential that expires, ${format}`, async () => {
    const end = Date.parse("2099-12-31T23:59:59Z") / 1000;
    const { uri } = await offered({ more: { expirationDate: new Date(end * 1000).toISOString() } });
    const [{ payload }] = await checkCredentials(await (await Wallet.of()).claim(uri, format));
    assert.ok(payload.exp <= end && payload.exp > end - 86_400, `exp ${payload.exp}`);
    if (payload.vc) assert.equal(Date.parse(payload.vc.expirationDate), payload.exp * 1000);
  });
}

test("a wallet that lost the answer gets the same credentials again", async () => {
  const { offer, uri } = await offered();
  const wallet = await Wallet.of({ keys: threeKeys() });
  const first = await wallet.claim(uri, "dc+sd-jwt");
  const again = await wallet.fetch("dc+sd-jwt");
  assert.deepEqual(again.credentials, first.credentials);
  await checkClaim(offer.id, again);
});

test("a code is good once", async () => {
  const { uri } = await offered({ by: "value" });
  const [first, second] = await Promise.all([await Wallet.of(), await Wallet.of()].map((wallet) => wallet.read(uri)));
  await first.authorize();
  await assert.rejects(second.authorize(), refusal("invalid_grant"));
});

test("three wrong transaction codes end the code", async () => {
  const { email, id } = await offers.newOffer(environment.withTxCode);
  const shown = await offers.claimCode(id);
  const wallet = await (await Wallet.of()).read(offers.uriOf(shown, "1.0", "reference"));
  const code = await txCode(email, offers.txCodeOf(shown));
  for (let tries = 0; tries < 3; tries++) {
    await assert.rejects(wallet.authorize({ txCode: wrong(code) }), refusal("invalid_grant"));
  }
  await assert.rejects(wallet.authorize({ txCode: code }), refusal("invalid_grant"));
});

test("signed metadata", async () => {
  let verified;
  const callbacks = {
    fetch: (url, options = {}) => fetch(url, { ...options, headers: { Accept: "application/jwt", ...options.headers } }),
    verifyJwt: async (_, { compact, header, payload }) => {
      assert.equal(payload.sub, environment.issuer);
      await verifyJws(compact, "openidvci-issuer-metadata+jwt", ({ kid }) => keyOfIssuer(environment.issuer, kid));
      verified = payload;
      return { verified: true, signerJwk: await keyOfIssuer(environment.issuer, header.kid) };
    },
  };
  const { uri } = await offered({ by: "value" });
  const { metadata } = await (await Wallet.of({ callbacks })).read(uri);
  assert.ok(metadata.signedCredentialIssuer && verified);
  const plain = (await (await Wallet.of()).read(uri)).metadata.credentialIssuer;
  for (const [name, value] of Object.entries(plain)) assert.deepEqual(verified[name], value, name);
});
