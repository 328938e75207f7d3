// A wallet made of npm @openid4vc/openid4vci, which speaks 1.0 and the drafts 15, 14 and 11.

const assert = require("node:assert/strict");
const { createHash, randomBytes } = require("node:crypto");
const { setTimeout: sleep } = require("node:timers/promises");
const { fetchOf } = require("./drafts");
const { WalletKey } = require("./keys");

const VERSIONS = { "1.0": "V1", 15: "Draft15", 14: "Draft14", 11: "Draft11" };

// The packages are ES modules; the development server's URLs are http.
async function load() {
  const modules = await Promise.all([import("@openid4vc/oauth2"), import("@openid4vc/openid4vci")]);
  for (const { setGlobalConfig } of modules) setGlobalConfig({ allowInsecureUrls: true });
  const [oauth2, { Openid4vciClient }] = modules;
  return { oauth2, Openid4vciClient };
}

// What an answer of any draft holds.
const documents = ({ credential, credentials = credential && [credential] }) =>
  (credentials ?? []).map((each) => each.credential ?? each);

class Wallet {
  // `binding`: how proofs name the keys, `jwk` or the method of a DID. `dpop`: whether the wallet binds its token to a
  // key. `callbacks`: more of them, or others, for the client.
  static async of({ draft = "1.0", keys = [new WalletKey()], binding = "jwk", dpop = false, callbacks = {} } = {}) {
    const { oauth2, Openid4vciClient } = await load();
    const wallet = new Wallet();
    Object.assign(wallet, { draft, keys, binding, dpopKey: dpop ? new WalletKey() : undefined });
    wallet.client = new Openid4vciClient({
      callbacks: {
        fetch: fetchOf(draft),
        hash: (data, algorithm) => createHash(algorithm.replace("-", "")).update(data).digest(),
        generateRandom: (length) => randomBytes(length),
        clientAuthentication: oauth2.clientAuthenticationAnonymous(),
        signJwt: (signer, { header, payload }) => wallet.#sign(signer, header, payload),
        ...callbacks,
      },
    });
    return wallet;
  }

  // Resolves an offer and its issuer's metadata.
  async read(uri) {
    this.offer = await this.client.resolveCredentialOffer(uri);
    this.metadata = await this.client.resolveIssuerMetadata(this.offer.credential_issuer);
    assert.equal(this.metadata.originalDraftVersion, VERSIONS[this.draft]);
    return this;
  }

  // Exchanges the offer's code for an access token.
  async authorize({ txCode } = {}) {
    const { accessTokenResponse, dpop } = await this.client.retrievePreAuthorizedCodeAccessTokenFromOffer({
      credentialOffer: this.offer,
      issuerMetadata: this.metadata,
      txCode,
      dpop: this.dpopKey && { signer: { method: "jwk", alg: this.dpopKey.alg, publicJwk: this.dpopKey.jwk } },
    });
    this.token = accessTokenResponse;
    this.dpop = dpop;
    assert.equal(this.token.token_type, this.dpopKey ? "DPoP" : "Bearer");
    return this;
  }

  // The offered configuration of a format.
  configurationId(format) {
    const all = this.metadata.credentialIssuer.credential_configurations_supported;
    const found = this.offer.credential_configuration_ids.find((id) => all[id]?.format === format);
    assert.ok(found, `${format} among ${this.offer.credential_configuration_ids}`);
    return found;
  }

  // Asks for a credential for each key: what lib/wallet/claim.js checks, and the answer.
  async fetch(format) {
    const id = this.configurationId(format);
    const jwts = await this.#prove(id);
    const { credentialResponse } = await this.client.retrieveCredentials({
      issuerMetadata: this.metadata,
      accessToken: this.token.access_token,
      credentialConfigurationId: id,
      dpop: this.dpop,
      ...this.#asDraftHasIt(jwts),
    });
    const { credentialIssuer: metadata } = this.metadata;
    const configuration = metadata.credential_configurations_supported[id];
    const credentials = documents(credentialResponse);
    const answer = credentialResponse;
    return { issuer: metadata.credential_issuer, format, configuration, keys: this.keys, credentials, answer };
  }

  // The credentials that an answer has put off, asked for as often as it says.
  async fetchLater(answer) {
    for (let tries = 0; tries < 60 && answer.transaction_id; tries++) {
      await sleep(answer.interval * 1000);
      const { deferredCredentialResponse } = await this.client.retrieveDeferredCredentials({
        issuerMetadata: this.metadata,
        accessToken: this.token.access_token,
        transactionId: answer.transaction_id,
        dpop: this.dpop,
      });
      answer = deferredCredentialResponse;
    }
    return documents(answer);
  }

  // All of the above for the URI of an offer.
  async claim(uri, format) {
    await this.read(uri);
    await this.authorize();
    return this.fetch(format);
  }

  async notify({ notification_id: notificationId }, event) {
    return this.client.sendNotification({
      issuerMetadata: this.metadata,
      accessToken: this.token.access_token,
      dpop: this.dpop,
      notification: { notificationId, event },
    });
  }

  async #prove(credentialConfigurationId) {
    const endpoint = this.metadata.credentialIssuer.nonce_endpoint;
    const { c_nonce: nonce } = endpoint
      ? await this.client.requestNonce({ issuerMetadata: this.metadata })
      : this.token;
    assert.ok(nonce, "c_nonce");
    const prove = (key) =>
      this.client.createCredentialRequestJwtProof({
        issuerMetadata: this.metadata,
        credentialConfigurationId,
        nonce,
        signer: this.#signer(key),
      });
    return (await Promise.all(this.keys.map(prove))).map(({ jwt }) => jwt);
  }

  // Draft 11 has no `proofs`; 14 has both, and one key shows the other.
  #asDraftHasIt(jwts) {
    const singular = this.draft === "11" || (this.draft === "14" && jwts.length === 1);
    return singular ? { proof: { proof_type: "jwt", jwt: jwts[0] } } : { proofs: { jwt: jwts } };
  }

  #signer(key) {
    return this.binding === "jwk"
      ? { method: "jwk", alg: key.alg, publicJwk: key.jwk }
      : { method: "did", alg: key.alg, didUrl: key.kid(this.binding) };
  }

  #sign({ didUrl, publicJwk }, header, payload) {
    const all = [...this.keys, this.dpopKey].filter(Boolean);
    const key = all.find((each) => (didUrl ? each.kid(this.binding) === didUrl : each.jwk.x === publicJwk.x));
    return { jwt: key.sign(header, payload), signerJwk: key.jwk };
  }
}

module.exports = { Wallet };
