// npm @openid4vc/openid4vp, a wallet that we did not write, presents what it claimed to the server that BESTOW_ENV_FILE
// (the dev.env of `bestow dev`) describes, and the tenant reads what was shown.

const assert = require("node:assert/strict");
const { before, describe, test } = require("node:test");
const environment = require("./lib/wallet/environment");
const { ok, postForm } = require("./lib/wallet/http");
const { didWebOf } = require("./lib/wallet/issuer");
const { SUBJECT } = require("./lib/wallet/offers");
const { claim } = require("./lib/present/holding");
const { assertFailed, assertPublicStatus, assertSays, assertVerified } = require("./lib/present/outcome");
const { Verifier, query } = require("./lib/present/verifier");
const { Presenter } = require("./lib/present/wallet");

const FORMATS = ["dc+sd-jwt", "jwt_vc_json"];
const MODES = ["direct_post", "direct_post.jwt"];
const PREFIXES = ["decentralized_identifier", "redirect_uri"];
const ASKED = ["fullName", "level"];

const verifier = Verifier.main();
const held = {};
before(async () => {
  for (const format of FORMATS) held[format] = await claim(format);
});

// The same URI, with another way to fetch the request object.
function fetchedBy(uri, method) {
  const url = new URL(uri);
  url.searchParams.delete("request_uri_method");
  return `${url}${method ? `&request_uri_method=${method}` : ""}`;
}

const accepted = (answer) => assert.deepEqual(ok(answer, { type: "application/json" }), {});

// Presents a holding, and checks what the tenant reads. Returns what the wallet did.
async function presents(holding, { clientIdPrefix, responseMode, method, ...options } = {}) {
  const made = await verifier.ask(query(holding, ASKED), { clientIdPrefix, responseMode });
  const wallet = await Presenter.of(Object.values(held), options);
  const uri = method === undefined ? made.authRequestURI : fetchedBy(made.authRequestURI, method);
  const request = await wallet.read(uri);
  assert.equal(request.client.prefix, clientIdPrefix ?? "decentralized_identifier");
  await assertPublicStatus(verifier, made, request.jar ? "sent" : "created");
  accepted(await wallet.send(request, await wallet.make(request)));
  await assertVerified(verifier, made, { holding, claims: ASKED });
  return { made, request, wallet };
}

for (const format of FORMATS) {
  for (const responseMode of MODES) {
    for (const clientIdPrefix of PREFIXES) {
      test(`${format}, ${clientIdPrefix}, ${responseMode}`, async () => {
        const { made, request } = await presents(held[format], { clientIdPrefix, responseMode });
        const { response_mode: mode, response_uri: uri, state, nonce } = request.authorizationRequestPayload;
        assert.deepEqual([mode, uri], [responseMode, verifier.responseUri(made)]);
        for (const random of [state, nonce]) assert.match(random, /^[\w-]{22,}$/);
      });
    }
  }
}

test("what the demo asks", async () => {
  const made = await verifier.request({ definitionId: process.env.BESTOW_DEFINITION_ID });
  accepted(await (await Presenter.of([held["dc+sd-jwt"]])).present(made.authRequestURI));
  const { status, credentials } = await verifier.result(made);
  assert.equal(status, "verified");
  const shown = credentials.map(({ state, claims }) => [state, claims]);
  assert.deepEqual(shown, [["valid", [{ path: ["fullName"], value: SUBJECT.fullName }]]]);
});

describe("the request object", () => {
  test("is signed by the issuer's did:web, for any wallet", async () => {
    const { request } = await presents(held["dc+sd-jwt"]);
    const { header, payload } = request.jar.jwt;
    const did = didWebOf(environment.issuer);
    assert.deepEqual([header.typ, header.alg, header.kid.split("#")[0]], ["oauth-authz-req+jwt", "ES256", did]);
    assert.equal(payload.client_id, `decentralized_identifier:${did}`);
    assert.deepEqual([payload.aud, payload.response_type], ["https://self-issued.me/v2", "vp_token"]);
    assert.equal(payload.redirect_uri, undefined);
    const age = Date.now() / 1000 - payload.iat;
    assert.ok(age > -5 && age < 60 && payload.exp > Date.now() / 1000, `iat ${payload.iat}, exp ${payload.exp}`);
  });

  for (const [what, method, walletNonce] of [
    ["GET, as nothing is said", null, undefined],
    ["GET", "get"],
    ["POST, as the package sends it", "post"],
    ["POST with a nonce of the wallet", "post", "from the wallet"],
  ]) {
    test(`by ${what}`, async () => {
      const { request, wallet, made } = await presents(held["dc+sd-jwt"], { method, walletNonce });
      const [first] = wallet.fetches;
      assert.equal(first.method, method === "post" ? "POST" : "GET");
      assert.equal(first.url, `${verifier.url}/presentations/${made.correlationId}/request`);
      assert.equal(request.authorizationRequestPayload.wallet_nonce, walletNonce);
    });
  }

  test("fetched twice, in two ways", async () => {
    const made = await verifier.ask(query(held["dc+sd-jwt"], ASKED));
    const wallet = await Presenter.of([held["dc+sd-jwt"]]);
    const [first, , third] = [
      await wallet.read(fetchedBy(made.authRequestURI, "get")),
      await wallet.read(fetchedBy(made.authRequestURI, "get")),
      await wallet.read(fetchedBy(made.authRequestURI, "post")),
    ];
    const { nonce, state } = first.authorizationRequestPayload;
    assert.deepEqual([third.authorizationRequestPayload.nonce, third.authorizationRequestPayload.state], [nonce, state]);
    accepted(await wallet.send(first, await wallet.make(third)));
    await assertVerified(verifier, made, { holding: held["dc+sd-jwt"], claims: ASKED });
  });

  test("of two requests, is another one", async () => {
    const definition = await verifier.define(query(held["dc+sd-jwt"], ASKED));
    const wallet = await Presenter.of([]);
    const [a, b] = [
      await wallet.read((await verifier.request(definition)).authRequestURI),
      await wallet.read((await verifier.request(definition)).authRequestURI),
    ].map(({ authorizationRequestPayload }) => authorizationRequestPayload);
    for (const name of ["nonce", "state", "response_uri"]) assert.notEqual(a[name], b[name]);
  });
});

describe("encrypted answers", () => {
  for (const enc of ["A128GCM", "A256GCM"]) {
    test(enc, () => presents(held["dc+sd-jwt"], { responseMode: "direct_post.jwt", enc }));
  }
});

describe("keys", () => {
  for (const alg of ["ES256", "ES256K", "EdDSA"]) {
    for (const binding of ["jwk", "did:jwk", "did:key"]) {
      test(`${alg} as ${binding}`, async () => {
        for (const format of FORMATS) {
          const holding = await claim(format, { alg, binding });
          const made = await verifier.ask(query(holding, ASKED));
          accepted(await (await Presenter.of([holding])).present(made.authRequestURI));
          await assertVerified(verifier, made, { holding, claims: ASKED });
        }
      });
    }
  }
});

test("a JWT presentation that says when it was made, and by which key", async () => {
  const holding = held.jwt_vc_json;
  const made = await verifier.ask(query(holding, ASKED));
  const alter = (choice, asked) => {
    const iat = Math.floor(Date.now() / 1000);
    const more = { iat, nbf: iat, exp: iat + 60, jti: "urn:uuid:2d6a7f2c-0f3e-4d1b-9a53-0a4b6fbb7a01" };
    return choice.holding.present({ ...asked, header: { kid: holding.key.kid("did:jwk") }, more });
  };
  accepted(await (await Presenter.of([holding])).present(made.authRequestURI, alter));
  await assertVerified(verifier, made, { holding, claims: ASKED });
});

test("both formats at once, of which the wallet discloses what each query asks", async () => {
  const [card, w3c] = FORMATS.map((format) => query(held[format], ["level"]).credentials[0]);
  const made = await verifier.ask({ credentials: [card, { ...w3c, id: "w3c" }] });
  accepted(await (await Presenter.of(Object.values(held))).present(made.authRequestURI));
  const { status, credentials } = await verifier.result(made);
  assert.equal(status, "verified");
  const shown = credentials.map(({ id, format, state, claims }) => [id, format, state, claims]);
  assert.deepEqual(shown.sort(), [
    ["card", "dc+sd-jwt", "valid", [{ path: ["level"], value: 12.5 }]],
    ["w3c", "jwt_vc_json", "valid", [{ path: ["credentialSubject", "level"], value: 12.5 }]],
  ]);
});

test("what was disclosed beyond the question is not kept", async () => {
  const holding = held["dc+sd-jwt"];
  const made = await verifier.ask(query(holding, ["level"]));
  const everything = (choice, asked) =>
    choice.holding.present({ ...asked, claims: { fullName: true, level: true, active: true, born: true } });
  accepted(await (await Presenter.of([holding])).present(made.authRequestURI, everything));
  await assertVerified(verifier, made, { holding, claims: ["level"] });
});

describe("conditions", () => {
  const condition = (path, operator, value) => ({ credential: "card", path: [path], operator, value });
  for (const [what, verdict, conditions] of [
    ["a number that is enough", true, [condition("level", "greaterOrEqual", 12.5)]],
    ["a number that is too low", false, [condition("level", "greater", 12.5)]],
    ["one of several", true, [condition("level", "oneOf", [1, 12.5])]],
    ["old enough", true, [condition("born", "lessOrEqual", { yearsAgo: 18 })]],
    ["not old enough", false, [condition("born", "lessOrEqual", { yearsAgo: 100 })]],
    ["both true", true, [condition("level", "less", 13), condition("born", "equal", "1990-02-28")]],
    ["one of them false", false, [condition("level", "less", 13), condition("born", "notEqual", "1990-02-28")]],
  ]) {
    test(`${what}: ${verdict ? "yes" : "no"}, and no value is kept`, async () => {
      const holding = held["dc+sd-jwt"];
      const claims = [...new Set(conditions.map(({ path }) => path[0]))];
      const made = await verifier.ask(query(holding, claims), { conditions });
      accepted(await (await Presenter.of([holding])).present(made.authRequestURI));
      await assertVerified(verifier, made, { holding, claims: [], verdict });
    });
  }
});

describe("transaction data", () => {
  const entry = { type: "payment", credential_ids: ["card"], amount: "12.50", payee: "Ω" };

  test("that the person has confirmed", async () => {
    const holding = held["dc+sd-jwt"];
    const made = await verifier.ask(query(holding, ASKED), { request: { transactionData: [entry] } });
    const wallet = await Presenter.of([holding]);
    const request = await wallet.read(made.authRequestURI);
    const [{ transactionData }] = request.transactionData;
    for (const [name, value] of Object.entries(entry)) assert.deepEqual(transactionData[name], value);
    accepted(await wallet.send(request, await wallet.make(request)));
    await assertVerified(verifier, made, { holding, claims: ASKED });
  });
});

test("a wallet is sent back to where the tenant wants it", async () => {
  const redirectUri = "https://shop.example/done?order=7";
  const made = await verifier.ask(query(held["dc+sd-jwt"], ASKED), { request: { redirectUri } });
  const answer = await (await Presenter.of([held["dc+sd-jwt"]])).present(made.authRequestURI);
  const back = new URL(ok(answer).redirect_uri);
  const code = back.searchParams.get("response_code");
  assert.match(code, /^[\w-]{22,}$/);
  assert.equal(back.href, `${redirectUri}&response_code=${code}`);
  // What was shown is for whoever comes back with the code.
  const without = await verifier.result(made);
  assert.equal(without.status, "verified");
  assertSays(without, []);
  assertSays(await verifier.result(made, { responseCode: code }), ASKED);
  await assert.rejects(verifier.result(made, { responseCode: "another" }));
});

test("a person who does not want to", async () => {
  const made = await verifier.ask(query(held["dc+sd-jwt"], ASKED));
  const { authorizationRequestPayload } = await (await Presenter.of([])).read(made.authRequestURI);
  const { state, response_uri: uri } = authorizationRequestPayload;
  ok(await postForm(uri, { error: "access_denied", error_description: "No, thanks", state }));
  await assertFailed(verifier, made);
  assert.equal((await verifier.result(made)).error.code, "access_denied");
});

test("a result that the tenant erases", async () => {
  const { made } = await presents(held["dc+sd-jwt"]);
  await verifier.erase(made);
  const result = await verifier.result(made);
  assert.deepEqual([result.status, result.credentials], ["verified", []]);
  assertSays(result, []);
});

test("a result that is not to be kept", async () => {
  const holding = held["dc+sd-jwt"];
  const made = await verifier.ask(query(holding, ASKED), { keepSeconds: 0 });
  accepted(await (await Presenter.of([holding])).present(made.authRequestURI));
  const result = await verifier.result(made);
  assert.equal(result.status, "verified");
  assertSays(result, []);
});

test("a request is open for as long as its definition says", async () => {
  const made = await verifier.ask(query(held["dc+sd-jwt"], ASKED), { requestSeconds: 30 });
  const left = Date.parse(made.expiresAt) - Date.now();
  assert.ok(left > 20_000 && left <= 31_000, made.expiresAt);
  const { authorizationRequestPayload } = await (await Presenter.of([])).read(made.authRequestURI);
  assert.equal(authorizationRequestPayload.exp, Math.floor(Date.parse(made.expiresAt) / 1000));
});
