// npm @sphereon/oid4vci-client, a wallet that we did not write, claims in drafts 11 and 13 from the server that
// BESTOW_ENV_FILE (the dev.env of `bestow dev`) describes, and what it got is verified.

const assert = require("node:assert/strict");
const { describe, mock, test } = require("node:test");
const { AT_ONCE } = require("./lib/wallet/at-once");
const { checkClaim } = require("./lib/wallet/claim");
const environment = require("./lib/wallet/environment");
const { WalletKey } = require("./lib/wallet/keys");
const { txCode } = require("./lib/wallet/mail");
const offers = require("./lib/wallet/offers");
const { claim } = require("./lib/wallet/sphereon");

const DRAFTS = ["11", "13"];
const WAYS = ["value", "reference"];

// Where it says at every claim that there is no authorization endpoint.
mock.method(console, "warn", () => {});

for (const draft of DRAFTS) {
  describe(`OpenID4VCI ${draft}`, AT_ONCE, () => {
    for (const alg of ["ES256", "ES256K"]) {
      for (const method of ["did:jwk", "did:key"]) {
        for (const by of WAYS) {
          test(`${alg} key as ${method}, by ${by}`, async () => {
            const offer = await offers.newOffer();
            const uri = await offers.offerUri(offer.id, draft, by);
            const received = await claim(uri, { draft, key: new WalletKey(alg), method });
            assert.equal(received.issuer, environment.issuer);
            assert.equal((await offers.record(offer.id)).subject, received.keys[0].dids[method]);
            await checkClaim(offer.id, received);
          });
        }
      }
    }

    for (const by of WAYS) {
      test(`a code from the mail, by ${by}`, async () => {
        const offer = await offers.newOffer(environment.withTxCode);
        const wallet = { draft, key: new WalletKey(), method: "did:jwk" };
        const shown = await offers.claimCode(offer.id);
        assert.equal(shown.userPinRequired, true);
        const uri = offers.uriOf(shown, draft, by);
        const pin = await txCode(offer.email, offers.txCodeOf(shown));
        await assert.rejects(claim(uri, { ...wallet, pin: undefined }), /valid pin/);
        await checkClaim(offer.id, await claim(uri, { ...wallet, pin }));
      });
    }
  });
}

test("a wallet of draft 13 tells that it has the credential", async () => {
  const offer = await offers.newOffer();
  const uri = await offers.offerUri(offer.id, "13", "reference");
  const { answer, client } = await claim(uri, { draft: "13", key: new WalletKey(), method: "did:key" });
  const { notification_endpoint: notificationEndpoint } = client.endpointMetadata.credentialIssuerMetadata;
  const notification = { notification_id: answer.notification_id, event: "credential_accepted" };
  const { error } = await client.sendNotification({ notificationEndpoint }, notification);
  assert.equal(error, false);
  assert.equal(await offers.issueStatus(offer.id), "NOTIFICATION_CREDENTIAL_ACCEPTED");
});
