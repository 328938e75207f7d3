// Whether documents are what they say: npm @sd-jwt/sd-jwt-vc and did-jwt-vc issue as strangers and the server that
// BESTOW_ENV_FILE (the dev.env of `bestow dev`) describes verifies; it issues, and they verify.

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");
const { setTimeout: sleep } = require("node:timers/promises");
const { digest, generateSalt } = require("@sd-jwt/crypto-nodejs");
const { SDJwtVcInstance } = require("@sd-jwt/sd-jwt-vc");
const didJwtVc = require("did-jwt-vc");
const jose = require("jose");
const { AT_ONCE } = require("./lib/wallet/at-once");
const environment = require("./lib/wallet/environment");
const { postJson } = require("./lib/wallet/http");
const { didDocument, keyOfIssuer } = require("./lib/wallet/issuer");
const { verifyJws } = require("./lib/wallet/jws");
const { assertDidOf } = require("./lib/wallet/jwt-vc");
const { WalletKey } = require("./lib/wallet/keys");
const { SUBJECT, newOffer, offerUri, revoke } = require("./lib/wallet/offers");
const { Wallet } = require("./lib/wallet/openid4vc");
const { forged } = require("./lib/present/forge");
const { JwtVc, SdJwt, claim, now } = require("./lib/present/holding");
const { Stranger } = require("./lib/present/stranger");
const { Verifier, resultOf } = require("./lib/present/verifier");

const FORMATS = [SdJwt.format, JwtVc.format];
const WAYS = ["https", "did:web", "did:jwk"];
const CLAIMS = { family_name: "Ωmega", nested: { a: [1, 2.5, null] }, member: true };
const VALID = 0;
const INVALID = 1;
const SUSPENDED = 2;

const verifier = Verifier.main();

// Asserts what is found of a document, and returns it.
async function finds(credential, state, more) {
  const found = await verifier.verify(credential, more);
  assert.deepEqual([found.state, found.valid], [state, state === "valid"], JSON.stringify(found));
  return found;
}

async function findsWithin(seconds, credential, state, more) {
  const deadline = Date.now() + seconds * 1000;
  while ((await verifier.verify(credential, more)).state !== state) {
    assert.ok(Date.now() < deadline, `${state} within ${seconds} s`);
    await sleep(20);
  }
  return finds(credential, state, more);
}

const trusting = (...trustedIssuers) => ({ policy: { trustedIssuers } });

describe("what strangers issue", () => {
  let stranger;
  before(async () => {
    stranger = await Stranger.start({ statuses: [VALID, INVALID, SUSPENDED, VALID] });
  });
  after(() => stranger.stop());

  for (const by of WAYS) {
    test(`${by}: valid, when it is trusted`, async () => {
      const { credential, configuration } = await stranger.issue({ by, claims: CLAIMS, index: 0 });
      const { iss } = stranger.issuers[by];
      for (const issuer of [iss, "*"]) {
        const found = await finds(credential, "valid", trusting("https://example.com", issuer));
        assert.deepEqual([found.kind, found.format, found.issuer], ["credential", "dc+sd-jwt", iss]);
        assert.deepEqual(found.types, [configuration.vct]);
        for (const [name, value] of Object.entries(CLAIMS)) assert.deepEqual(found.claims[name], value);
        for (const check of ["format", "signature", "key", "validity", "status", "issuer"]) {
          assert.equal(resultOf(found, check), "passed", check);
        }
      }
    });

    test(`${by}: of an unknown issuer, when it is not`, async () => {
      const { credential } = await stranger.issue({ by, claims: CLAIMS, index: 0 });
      for (const more of [{}, trusting("https://example.com"), trusting()]) {
        const found = await finds(credential, "unknown_issuer", more);
        assert.equal(resultOf(found, "signature"), "passed");
        assert.equal(resultOf(found, "issuer"), "failed");
      }
    });

    for (const [index, state] of [
      [INVALID, "revoked"],
      [SUSPENDED, "suspended"],
    ]) {
      test(`${by}: ${state}, as its list says`, async () => {
        const { credential } = await stranger.issue({ by, claims: CLAIMS, index });
        assert.equal(resultOf(await finds(credential, state, trusting("*")), "status"), "failed");
      });
    }
  }

  test("revoked later", async () => {
    const { credential } = await stranger.issue({ claims: CLAIMS, index: 3 });
    await finds(credential, "valid", trusting("*"));
    stranger.statuses[3] = INVALID;
    // The list is good for a second.
    await findsWithin(5, credential, "revoked", trusting("*"));
  });

  // What a list does not say clearly is never "valid".
  for (const [what, status, wrong] of [
    ["a status that only the issuer understands", (uri) => ({ status_list: { idx: 3, uri } })],
    ["an index outside its list", (uri) => ({ status_list: { idx: 1_000_000, uri } })],
    ["an index that is none", (uri) => ({ status_list: { idx: -1, uri } })],
    ["a list of another address", (uri) => ({ status_list: { idx: 0, uri: `${uri}?another` } })],
    ["a list that is none", (uri) => ({ status_list: { idx: 0, uri: new URL("/.well-known/did.json", uri).href } })],
    ["a list of nobody", (uri) => ({ status_list: { idx: 0, uri: new URL("/nowhere", uri).href } })],
    ["a list that another key has signed", (uri) => ({ status_list: { idx: 0, uri } }), "key"],
    ["a status list that is no list", () => ({ status_list: "none" })],
    ["a status that is none", () => "none"],
  ]) {
    test(what, async () => {
      const other = await Stranger.start({ statuses: [VALID, INVALID, SUSPENDED, 3] });
      try {
        const more = { status: status(`${other.origin}/list/https`) };
        const { credential } = await other.issue({ claims: CLAIMS, more });
        if (wrong) other.listKey = new WalletKey();
        const found = await verifier.verify(credential, trusting("*"));
        assert.ok(!found.valid, JSON.stringify(found));
        assert.ok(["invalid", "indeterminate"].includes(found.state), found.state);
        assert.ok(["failed", "indeterminate"].includes(resultOf(found, "status")));
      } finally {
        await other.stop();
      }
    });
  }

  for (const more of [{ exp: "tomorrow" }, { exp: null }, { nbf: "now" }, { nbf: {} }]) {
    test(`times that are none: ${JSON.stringify(more)}`, async () => {
      const { credential } = await stranger.issue({ claims: CLAIMS, more });
      await finds(credential, "invalid", trusting("*"));
    });
  }

  test("without a status list", async () => {
    const { credential } = await stranger.issue({ claims: CLAIMS });
    assert.equal(resultOf(await finds(credential, "valid", trusting("*")), "status"), "not_applicable");
  });

  for (const [what, state, more] of [
    ["expired", "expired", () => ({ exp: now() - 3600 })],
    ["not yet valid", "not_yet_valid", () => ({ nbf: now() + 3600 })],
    ["good for an hour more", "valid", () => ({ nbf: now() - 3600, exp: now() + 3600 })],
  ]) {
    test(what, async () => {
      const { credential } = await stranger.issue({ claims: CLAIMS, index: 0, more: more() });
      const found = await finds(credential, state, trusting("*"));
      assert.equal(resultOf(found, "validity"), state === "valid" ? "passed" : "failed");
    });
  }

  test("some of its claims", async () => {
    const holding = await stranger.issue({ claims: CLAIMS, index: 0 });
    const some = await holding.library.present(holding.credential, { member: true });
    const { claims } = await finds(some, "valid", trusting("*"));
    assert.deepEqual([claims.member, claims.family_name, claims.nested], [true, undefined, undefined]);
  });

  test("altered", async () => {
    const { credential } = await stranger.issue({ claims: CLAIMS, index: 0 });
    const [header, payload, rest] = credential.split(".");
    const other = Buffer.from(payload, "base64url").toString().replace(/"iat":\d/, '"iat":9');
    const altered = [header, Buffer.from(other).toString("base64url"), rest].join(".");
    assert.equal(resultOf(await finds(altered, "invalid", trusting("*")), "signature"), "failed");
  });

  test("by another key than the issuer publishes", async () => {
    const impostor = await Stranger.start();
    impostor.issuers = stranger.issuers;
    try {
      const { credential } = await impostor.issue({ by: "https", claims: CLAIMS });
      assert.equal(resultOf(await finds(credential, "invalid", trusting("*")), "signature"), "failed");
    } finally {
      await impostor.stop();
    }
  });

  for (const alg of ["ES256", "ES256K", "EdDSA"]) {
    test(`signed with ${alg}`, async () => {
      const other = await Stranger.start({ alg, statuses: [VALID, INVALID] });
      try {
        for (const by of WAYS) {
          await finds((await other.issue({ by, claims: CLAIMS, index: 0 })).credential, "valid", trusting("*"));
          await finds((await other.issue({ by, claims: CLAIMS, index: 1 })).credential, "revoked", trusting("*"));
        }
      } finally {
        await other.stop();
      }
    });
  }

  for (const bits of [1, 2, 4, 8]) {
    test(`a list of ${bits} bits an entry`, async () => {
      const statuses = Array.from({ length: 100 }, (_, n) => (n === 77 ? INVALID : VALID));
      const other = await Stranger.start({ bits, statuses });
      try {
        for (const [index, state] of [
          [76, "valid"],
          [77, "revoked"],
          [78, "valid"],
        ]) {
          await finds((await other.issue({ claims: CLAIMS, index })).credential, state, trusting("*"));
        }
      } finally {
        await other.stop();
      }
    });
  }

  test("when nobody serves its list", async () => {
    const gone = await Stranger.start();
    const { credential } = await gone.issue({ by: "did:jwk", claims: CLAIMS, index: 0 });
    await gone.stop();
    const found = await finds(credential, "indeterminate", trusting("*"));
    assert.deepEqual([resultOf(found, "signature"), resultOf(found, "status")], ["passed", "indeterminate"]);
  });

  test("when nobody serves its keys", async () => {
    const gone = await Stranger.start();
    const { credential } = await gone.issue({ by: "https", claims: CLAIMS });
    await gone.stop();
    assert.notEqual(resultOf(await finds(credential, "indeterminate", trusting("*")), "key"), "passed");
  });

  test("presented", async () => {
    const holding = await stranger.issue({ claims: CLAIMS, index: 0 });
    const asked = { nonce: "n-1", audience: "https://verifier.example" };
    const presentation = await holding.present({ ...asked, claims: { family_name: true } });
    const found = await finds(presentation, "valid", { ...asked, ...trusting("*") });
    assert.equal(found.kind, "credential");
    assertDidOf(holding.key, found.holder);
    assert.equal(resultOf(found, "holder_binding"), "passed");
    for (const wrong of [{ nonce: "n-2" }, { audience: "https://another.example" }]) {
      const refused = await finds(presentation, "invalid", { ...asked, ...wrong, ...trusting("*") });
      assert.equal(resultOf(refused, "holder_binding"), "failed");
    }
  });

  for (const [form, serialized] of [
    ["flattened", ({ library, credential }) => library.toFlattenJSON(credential).toJson()],
    ["general", ({ library, credential }) => library.toGeneralJSON(credential).toJson()],
  ]) {
    test(`in its ${form} JSON serialization`, async () => {
      const holding = await stranger.issue({ claims: CLAIMS, index: 0 });
      const { claims } = await finds(serialized(holding), "valid", trusting("*"));
      assert.deepEqual(claims, CLAIMS);

      const asked = { nonce: "n-1", audience: "https://verifier.example" };
      const presentation = await holding.present({ ...asked, claims: { member: true } });
      const json = serialized({ ...holding, library: holding.library, credential: presentation });
      const presented = await finds(json, "valid", { ...asked, ...trusting("*") });
      assert.deepEqual(presented.claims, { member: true });
      assert.equal(resultOf(presented, "holder_binding"), "passed");
    });
  }

  test("as a JWT in the form of VCDM 1.1, by npm did-jwt-vc", async () => {
    const key = new WalletKey();
    const { iss } = stranger.issuers["did:web"];
    const credential = await stranger.issueW3c({ by: "did:web", claims: CLAIMS, key });
    const found = await finds(credential, "valid", trusting(iss));
    assert.deepEqual([found.format, found.issuer], ["jwt_vc_json", iss]);
    assert.deepEqual(found.types, ["VerifiableCredential", "StrangersCredential"]);
    await finds(credential, "unknown_issuer");

    const asked = { nonce: "n-1", audience: "https://verifier.example" };
    const presentation = await new JwtVc(credential, key).present(asked);
    const presented = await finds(presentation, "valid", { ...asked, ...trusting(iss) });
    assert.deepEqual([presented.kind, presented.holder], ["presentation", key.dids["did:jwk"]]);
    assert.deepEqual(presented.credentials.map(({ state, issuer }) => [state, issuer]), [["valid", iss]]);
    await finds(presentation, "invalid", { ...asked, nonce: "n-2", ...trusting(iss) });
  });
});

describe("what this server issues", AT_ONCE, () => {
  for (const format of FORMATS) {
    test(`${format}: valid, and revoked within two seconds`, async () => {
      const { credential, payload, offer } = await claim(format);
      const found = await finds(credential, "valid");
      assert.deepEqual([found.kind, found.format, found.issuer], ["credential", format, payload.iss]);
      for (const check of ["format", "signature", "key", "validity", "status", "issuer"]) {
        assert.equal(resultOf(found, check), "passed", check);
      }
      const { id, ...claims } = found.claims;
      assert.deepEqual([id, claims], [payload.vc?.credentialSubject.id, SUBJECT]);

      await revoke(offer.id);
      const revoked = await findsWithin(2, credential, "revoked");
      assert.equal(resultOf(revoked, "status"), "failed");
      assert.equal(resultOf(revoked, "signature"), "passed");
    });

    test(`${format}: presented`, async () => {
      const holding = await claim(format);
      const asked = { nonce: "n-1", audience: "https://verifier.example" };
      const presentation = await holding.present({ ...asked, claims: { level: true } });
      const found = await finds(presentation, "valid", asked);
      assert.equal(found.kind, format === JwtVc.format ? "presentation" : "credential");
      assertDidOf(holding.key, found.holder);
      assert.equal(resultOf(found, "holder_binding"), "passed");
      await finds(presentation, "invalid", { ...asked, nonce: "n-2" });
      await finds(presentation, "invalid", { ...asked, audience: "https://another.example" });
      await revoke(holding.offer.id);
      await findsWithin(2, presentation, "revoked", asked);
    });
  }

  for (const format of FORMATS) {
    test(`${format}: each of several copies, and its place in the log`, async () => {
      const { id } = await newOffer();
      const wallet = await Wallet.of({ keys: [new WalletKey(), new WalletKey(), new WalletKey()] });
      const { credentials } = await wallet.claim(await offerUri(id, "1.0", "value"), format);
      for (const credential of credentials) await finds(credential, "valid");
      const logged = async () => resultOf(await finds(credentials[2], "valid"), "log");
      for (const deadline = Date.now() + 10_000; (await logged()) !== "passed"; await sleep(100)) {
        assert.ok(Date.now() < deadline, "in the log within ten seconds");
      }
      for (const credential of credentials) assert.equal(resultOf(await finds(credential, "valid"), "log"), "passed");
    });
  }

  test("npm @sd-jwt/sd-jwt-vc verifies, with its key binding, until it is revoked", async () => {
    const holding = await claim(SdJwt.format);
    const asked = { nonce: "n-1", audience: "https://verifier.example" };
    const presentation = await holding.present({ ...asked, claims: { level: true, born: true } });
    const keyOf = ({ kid }) => keyOfIssuer(environment.issuer, kid);
    const verify = (typ, find) => async (data, signature) => {
      const { typ: own } = jose.decodeProtectedHeader(`${data}.${signature}`);
      await verifyJws(`${data}.${signature}`, typ ?? own, find);
      return true;
    };
    const library = new SDJwtVcInstance({
      hasher: digest,
      hashAlg: "sha-256",
      saltGenerator: generateSalt,
      verifier: verify(undefined, keyOf),
      kbVerifier: verify("kb+jwt", () => holding.key.jwk),
    });
    const options = { keyBindingNonce: asked.nonce, requiredClaimKeys: ["level", "born"] };
    const { payload, kb } = await library.verify(presentation, options);
    assert.deepEqual([payload.level, payload.born, payload.fullName], [SUBJECT.level, SUBJECT.born, undefined]);
    assert.equal(kb.payload.aud, asked.audience);
    await assert.rejects(library.verify(presentation, { ...options, keyBindingNonce: "n-2" }));

    await revoke(holding.offer.id);
    await findsWithin(2, presentation, "revoked", asked);
    await assert.rejects(library.verify(presentation, options), /Status is not valid/);
  });

  test("npm did-jwt-vc verifies", async () => {
    const { credential, payload, key } = await claim(JwtVc.format);
    const more = { didDocumentMetadata: {}, didResolutionMetadata: {} };
    const resolver = { resolve: async (did) => ({ didDocument: await didDocument(did), ...more }) };
    const { verified, verifiableCredential } = await didJwtVc.verifyCredential(credential, resolver);
    assert.ok(verified);
    assert.equal(verifiableCredential.credentialSubject.id, key.dids["did:jwk"]);
    assert.equal(verifiableCredential.issuer.id ?? verifiableCredential.issuer, payload.iss);
  });

  test("a presentation of several credentials is no better than the worst of them", async () => {
    const [good, bad, gone] = [await claim(JwtVc.format), await claim(JwtVc.format), await Stranger.start()];
    const unknown = await gone.issueW3c({ by: "did:web", claims: CLAIMS, key: good.key });
    await gone.stop();
    const another = await gone.issueW3c({ by: "did:jwk", claims: CLAIMS, key: good.key });
    await revoke(bad.offer.id);
    await findsWithin(2, bad.credential, "revoked");
    const asked = { nonce: "n-1", audience: "https://verifier.example" };
    const all = trusting(good.payload.iss, gone.issuers["did:web"].iss, gone.issuers["did:jwk"].iss);
    for (const [credentials, state] of [
      [[good.credential], "valid"],
      [[good.credential, another], "valid"],
      [[good.credential, unknown], "indeterminate"],
      [[unknown, forged(good).credential], "invalid"],
      [[unknown, bad.credential], "revoked"],
    ]) {
      const presentation = await good.present({ ...asked, credentials });
      const found = await finds(presentation, state, { ...asked, ...all });
      assert.equal((found.credentials ?? []).length, credentials.length);
    }
  });

  test("an issuer of this server, when others are trusted", async () => {
    const { credential, payload } = await claim(SdJwt.format);
    await finds(credential, "valid", trusting(payload.iss));
    await finds(credential, "unknown_issuer", trusting("https://example.com"));
  });
});

describe("what is no document", () => {
  for (const credential of ["", "nothing", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "~", {}, { payload: "x" }]) {
    test(JSON.stringify(credential), async () => {
      const found = await finds(credential, "invalid");
      assert.equal(resultOf(found, "format"), "failed");
    });
  }

  for (const body of [{}, [], "text", null, { credential: 7 }, { credential: null }]) {
    test(`the body ${JSON.stringify(body)}`, async () => {
      assert.equal((await postJson(`${verifier.url}/v1/verify`, body)).status, 400);
    });
  }
});
