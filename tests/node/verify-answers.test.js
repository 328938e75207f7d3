// Which answers belong to a request, and how many it takes: npm @openid4vc/openid4vp, a wallet that we did not write, and
// those who would answer for it.

const assert = require("node:assert/strict");
const { before, test } = require("node:test");
const { ok, postForm, refused } = require("./lib/wallet/http");
const { claim } = require("./lib/present/holding");
const { assertFailed, assertRefused, assertVerified } = require("./lib/present/outcome");
const { Verifier, query } = require("./lib/present/verifier");
const { Presenter } = require("./lib/present/wallet");

const ASKED = ["fullName", "level"];

const verifier = Verifier.main();
let card;
before(async () => {
  card = await claim();
});

// A request, and the right answer to it.
async function prepared(more) {
  const made = await verifier.ask(query(card, ASKED), more);
  const wallet = await Presenter.of([card]);
  const request = await wallet.read(made.authRequestURI);
  const { state, response_uri: uri } = request.authorizationRequestPayload;
  return { made, wallet, request, state, uri, vpToken: await wallet.make(request) };
}

const verified = (made) => assertVerified(verifier, made, { holding: card, claims: ASKED });

test("the same again", async () => {
  const { made, wallet, request, vpToken } = await prepared();
  ok(await wallet.send(request, vpToken));
  refused(await wallet.send(request, vpToken), "invalid_request", 409);
  await verified(made);
});

test("another one, after one that was accepted", async () => {
  const { made, wallet, request, vpToken } = await prepared();
  ok(await wallet.send(request, vpToken));
  refused(await wallet.send(request, await wallet.make(request)), "invalid_request", 409);
  await verified(made);
});

test("the same many times at once: one is accepted", async () => {
  const { made, wallet, request, vpToken } = await prepared();
  const answers = await Promise.all(Array.from({ length: 8 }, () => wallet.send(request, vpToken)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409, 409, 409, 409, 409]);
  await verified(made);
});

test("a right one, after one that was refused", async () => {
  const { made, wallet, request, vpToken } = await prepared();
  await assertRefused(verifier, made, await wallet.send(request, { card: ["nothing"] }));
  refused(await wallet.send(request, vpToken), "invalid_request", 409);
  await assertFailed(verifier, made);
});

test("to another request of the same definition", async () => {
  const definition = await verifier.define(query(card, ASKED));
  const wallet = await Presenter.of([card]);
  const [first, second] = [await verifier.request(definition), await verifier.request(definition)];
  const [a, b] = [await wallet.read(first.authRequestURI), await wallet.read(second.authRequestURI)];
  await assertRefused(verifier, second, await wallet.send(b, await wallet.make(a)));
  ok(await wallet.send(a, await wallet.make(a)));
  await verified(first);
});

test("with the state of another request", async () => {
  const [mine, other] = [await prepared(), await prepared()];
  const fields = { vp_token: JSON.stringify(other.vpToken), state: other.state };
  await assertRefused(verifier, mine.made, await postForm(mine.uri, fields), { status: "sent" });
  for (const { made, uri, state, vpToken } of [mine, other]) {
    ok(await postForm(uri, { vp_token: JSON.stringify(vpToken), state }));
    await verified(made);
  }
});

// What is no answer to the request leaves it open.
for (const [what, change] of Object.entries({
  "no state": ({ vp_token }) => ({ vp_token }),
  "another state": (fields) => ({ ...fields, state: "another" }),
  "no vp_token": ({ state }) => ({ state }),
  "a vp_token that is no JSON": (fields) => ({ ...fields, vp_token: "{" }),
  "a vp_token that is no object": (fields) => ({ ...fields, vp_token: '["x"]' }),
  "no presentation for a query": (fields) => ({ ...fields, vp_token: '{"card":[]}' }),
})) {
  test(what, async () => {
    const { made, uri, state, vpToken } = await prepared();
    const fields = { vp_token: JSON.stringify(vpToken), state };
    await assertRefused(verifier, made, await postForm(uri, change(fields)), { status: "sent" });
    ok(await postForm(uri, fields));
    await verified(made);
  });
}

for (const [what, change] of Object.entries({
  "a query that was not asked": ({ vp_token, ...fields }) => {
    return { ...fields, vp_token: JSON.stringify({ ...JSON.parse(vp_token), another: ["x"] }) };
  },
  "more presentations than were asked for": ({ vp_token, ...fields }) => {
    const { card: [presentation] } = JSON.parse(vp_token);
    return { ...fields, vp_token: JSON.stringify({ card: [presentation, presentation] }) };
  },
})) {
  test(what, async () => {
    const { made, uri, state, vpToken } = await prepared();
    const fields = change({ vp_token: JSON.stringify(vpToken), state });
    await assertRefused(verifier, made, await postForm(uri, fields));
  });
}

test("in the clear, where it has to be encrypted", async () => {
  const { made, uri, state, vpToken } = await prepared({ responseMode: "direct_post.jwt" });
  const answer = await postForm(uri, { vp_token: JSON.stringify(vpToken), state });
  await assertRefused(verifier, made, answer, { status: "sent" });
});

test("encrypted for another request", async () => {
  const [mine, other] = [
    await prepared({ responseMode: "direct_post.jwt" }),
    await prepared({ responseMode: "direct_post.jwt" }),
  ];
  const crossed = structuredClone(mine.request.authorizationRequestPayload);
  crossed.client_metadata = other.request.authorizationRequestPayload.client_metadata;
  const answer = await mine.wallet.send({ ...mine.request, authorizationRequestPayload: crossed }, mine.vpToken);
  await assertRefused(verifier, mine.made, answer, { status: "sent" });
});

test("to a request that does not exist", async () => {
  const { uri, state, vpToken } = await prepared();
  const nowhere = uri.replace(/[0-9a-f-]{36}/, "00000000-0000-4000-8000-000000000000");
  refused(await postForm(nowhere, { vp_token: JSON.stringify(vpToken), state }), "invalid_request", 404);
});
