// A verifier with a certificate: npm @openid4vc/openid4vp, a wallet that we did not write, presents to a `bestow dev` of
// this test's own (BESTOW_BIN) what it claimed from the server that BESTOW_ENV_FILE describes, which the other trusts.

const assert = require("node:assert/strict");
const { createHash } = require("node:crypto");
const { after, before, describe, test } = require("node:test");
const { ok } = require("./lib/wallet/http");
const { revoke } = require("./lib/wallet/offers");
const { makeChain } = require("./lib/present/certificates");
const { claim } = require("./lib/present/holding");
const { assertRefused, assertVerified } = require("./lib/present/outcome");
const { HOST, OwnServer, lookUp } = require("./lib/present/own-server");
const { Verifier, query, untilRevoked } = require("./lib/present/verifier");
const { Presenter } = require("./lib/present/wallet");

const ASKED = ["fullName", "level"];
const FORMATS = ["dc+sd-jwt", "jwt_vc_json"];

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("base64url");

// The certificates of a chain, as x5c has them.
const derOf = (pem) =>
  pem.match(/-----BEGIN CERTIFICATE-----[^-]+/g).map((each) => each.replace(/-----.*-----|\s/g, ""));

describe("a certificate", { skip: process.env.BESTOW_BIN ? false : "BESTOW_BIN is not set" }, () => {
  let chain, server, verifier, revoked;
  before(async () => {
    // Before the other server first looks at the list: it may use that again for as long as it says, which is a minute.
    revoked = await claim();
    await revoke(revoked.offer.id);
    await untilRevoked(revoked);
    chain = await makeChain(HOST);
    server = await OwnServer.start(chain);
    verifier = new Verifier(server.variables, { at: server.at });
  });
  after(() => server?.stop());

  const clientIds = {
    x509_san_dns: () => HOST,
    x509_hash: () => sha256(Buffer.from(derOf(chain.certificates)[0], "base64")),
  };

  for (const [clientIdPrefix, identifier] of Object.entries(clientIds)) {
    for (const responseMode of ["direct_post", "direct_post.jwt"]) {
      for (const format of FORMATS) {
        test(`${clientIdPrefix}, ${responseMode}, ${format} of another deployment`, async () => {
          const holding = await claim(format);
          const more = { clientIdPrefix, responseMode, trustedIssuers: [holding.payload.iss] };
          const made = await verifier.ask(query(holding, ASKED), more);
          const wallet = await Presenter.of([holding], { fetch: lookUp });
          const request = await wallet.read(made.authRequestURI);
          const { header, payload } = request.jar.jwt;
          assert.equal(payload.client_id, `${clientIdPrefix}:${identifier()}`);
          assert.deepEqual(header.x5c, derOf(chain.certificates));
          ok(await wallet.send(request, await wallet.make(request)));
          await assertVerified(verifier, made, { holding, claims: ASKED });
        });
      }
    }
  }

  test("whose bearer does not trust the other deployment", async () => {
    const holding = await claim();
    const made = await verifier.ask(query(holding, ASKED), { clientIdPrefix: "x509_hash" });
    const answer = await (await Presenter.of([holding], { fetch: lookUp })).present(made.authRequestURI);
    await assertRefused(verifier, made, answer);
  });

  test("and a credential that the other deployment has revoked", async () => {
    const more = { clientIdPrefix: "x509_hash", trustedIssuers: [revoked.payload.iss] };
    const made = await verifier.ask(query(revoked, ASKED), more);
    const answer = await (await Presenter.of([revoked], { fetch: lookUp })).present(made.authRequestURI);
    assert.match(await assertRefused(verifier, made, answer), /revoked/);
  });
});
