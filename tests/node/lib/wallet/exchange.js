// A claim of OpenID4VCI 1.0, one request at a time: for what the wallets of npm do not do.

const { get, ok, postForm, postJson } = require("./http");
const { wellKnown } = require("./issuer");
const { WalletKey } = require("./keys");
const { PRE_AUTHORIZED, claimCode, newOffer, valueOf } = require("./offers");

const issuerMetadata = async (issuer) => ok(await get(wellKnown("openid-credential-issuer", issuer)));

class Exchange {
  // With an access token for a new offer.
  static async start(credentialId, format = "dc+sd-jwt") {
    const exchange = new Exchange();
    exchange.offer = await newOffer(credentialId);
    const offered = valueOf(await claimCode(exchange.offer.id));
    exchange.issuer = offered.credential_issuer;
    exchange.metadata = await issuerMetadata(exchange.issuer);
    exchange.format = format;
    exchange.key = new WalletKey();
    const code = offered.grants[PRE_AUTHORIZED]["pre-authorized_code"];
    const fields = { grant_type: PRE_AUTHORIZED, "pre-authorized_code": code };
    const server = ok(await get(wellKnown("oauth-authorization-server", exchange.issuer)));
    const token = ok(await postForm(server.token_endpoint, fields));
    exchange.authorization = { Authorization: `Bearer ${token.access_token}` };
    exchange.configurationId = offered.credential_configuration_ids.find(
      (id) => exchange.#configurations[id]?.format === format,
    );
    return exchange;
  }

  get #configurations() {
    return this.metadata.credential_configurations_supported;
  }

  // The body of a credential request with a new proof.
  async request(more) {
    const { c_nonce: nonce } = ok(await postForm(this.metadata.nonce_endpoint, {}));
    const jwt = this.key.prove({ audience: this.issuer, nonce });
    return { credential_configuration_id: this.configurationId, proofs: { jwt: [jwt] }, ...more };
  }

  ask(body) {
    return postJson(this.metadata.credential_endpoint, body, this.authorization);
  }

  askLater(body) {
    return postJson(this.metadata.deferred_credential_endpoint, body, this.authorization);
  }

  // What lib/wallet/claim.js checks, of the body of an answer.
  received({ credentials }) {
    const { issuer, format, key } = this;
    const configuration = this.#configurations[this.configurationId];
    return { issuer, format, configuration, keys: [key], credentials: credentials.map(({ credential }) => credential) };
  }
}

module.exports = { Exchange, issuerMetadata };
