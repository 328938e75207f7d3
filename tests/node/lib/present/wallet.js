// A wallet made of npm @openid4vc/openid4vp, which speaks OpenID4VP 1.0, npm dcql, which chooses what to show, and
// npm @sd-jwt and did-jwt-vc, which make the presentations.

const assert = require("node:assert/strict");
const { createHash } = require("node:crypto");
const jose = require("jose");
const { getX509CertificateMetadata, verifyJwt } = require("./request");

// The packages are ES modules; the development server's URLs are http.
async function load() {
  const [{ setGlobalConfig }, { Openid4vpClient }, { DcqlQuery }] = await Promise.all([
    import("@openid4vc/oauth2"),
    import("@openid4vc/openid4vp"),
    import("dcql"),
  ]);
  setGlobalConfig({ allowInsecureUrls: true });
  return { Openid4vpClient, DcqlQuery };
}

// What the wallet says about itself.
const METADATA = {
  vp_formats_supported: {
    "dc+sd-jwt": { "sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256", "ES256K", "EdDSA"] },
    jwt_vc_json: { alg_values: ["ES256", "ES256K", "EdDSA"] },
  },
  client_id_prefixes_supported: ["decentralized_identifier", "redirect_uri", "x509_san_dns", "x509_hash"],
  request_object_signing_alg_values_supported: ["ES256"],
};

const ENCRYPTION = {
  authorization_encryption_alg_values_supported: ["ECDH-ES"],
  authorization_encryption_enc_values_supported: ["A128GCM", "A256GCM"],
};

class Presenter {
  // `holdings`: what the wallet has. `walletNonce`: sent to request URIs that take a POST, and then expected.
  static async of(holdings, { walletNonce, enc, fetch: fetchOf = fetch } = {}) {
    const { Openid4vpClient, DcqlQuery } = await load();
    const presenter = new Presenter();
    const wallet = { metadata: { ...METADATA, ...ENCRYPTION }, nonce: walletNonce, expectedNonce: walletNonce };
    Object.assign(presenter, { holdings, wallet, DcqlQuery, encs: enc && [enc], fetches: [] });
    presenter.client = new Openid4vpClient({
      callbacks: {
        fetch: (url, options) => {
          presenter.fetches.push({ method: options.method.toUpperCase(), url: String(url) });
          return fetchOf(url, asSpecified(options, wallet));
        },
        hash: (data, algorithm) => createHash(algorithm.replace("-", "")).update(data).digest(),
        encryptJwe,
        getX509CertificateMetadata,
        verifyJwt,
      },
    });
    return presenter;
  }

  // Reads the request behind a URI, and checks that it is what it says.
  async read(uri) {
    const { params } = this.client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: uri });
    const wallet = params.request_uri_method === "post" ? this.wallet : { metadata: this.wallet.metadata };
    return this.client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: params, wallet });
  }

  // What satisfies the request: for each credential query, a holding and the claims to show of it.
  async choose({ dcql }) {
    const query = this.DcqlQuery.parse(dcql.query);
    this.DcqlQuery.validate(query);
    const result = this.DcqlQuery.query(query, await Promise.all(this.holdings.map((each) => each.description())));
    assert.ok(result.can_be_satisfied, JSON.stringify(result.credential_matches));
    return Object.entries(result.credential_matches)
      .filter(([, match]) => match.success)
      .map(([id, { valid_credentials: [{ input_credential_index: n, claims }] }]) => {
        return { id, holding: this.holdings[n], claims: claims.valid_claim_sets[0].output };
      });
  }

  // What every presentation for a request has to say.
  asked(request) {
    const { nonce } = request.authorizationRequestPayload;
    return { audience: request.client.effective, nonce, ...transactionData(request) };
  }

  // The vp_token for a request. `alter(choice, asked)` may change what is made of each choice.
  async make(request, alter = (choice, asked) => choice.holding.present({ ...asked, claims: choice.claims })) {
    const asked = this.asked(request);
    const choices = await this.choose(request);
    const made = choices.map(async (choice) => [choice.id, [await alter(choice, asked)]]);
    return Object.fromEntries(await Promise.all(made));
  }

  // Sends a vp_token as the request wants it.
  async send(request, vpToken) {
    const { authorizationRequestPayload } = request;
    const { authorizationResponsePayload, jarm } = await this.client.createOpenid4vpAuthorizationResponse({
      authorizationRequestPayload,
      authorizationResponsePayload: { vp_token: vpToken },
      jarm: authorizationRequestPayload.response_mode === "direct_post.jwt" ? this.#encryption() : undefined,
    });
    const sent = { authorizationRequestPayload, authorizationResponsePayload, jarm };
    const { response } = await this.client.submitOpenid4vpAuthorizationResponse(sent);
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  // All of the above for the URI of a request.
  async present(uri, alter) {
    const request = await this.read(uri);
    return this.send(request, await this.make(request, alter));
  }

  #encryption() {
    const encs = this.encs ?? ENCRYPTION.authorization_encryption_enc_values_supported;
    const serverMetadata = { ...ENCRYPTION, authorization_encryption_enc_values_supported: encs };
    return { encryption: {}, serverMetadata };
  }
}

// The package puts the members of the wallet's metadata into the form one by one, and no nonce. OpenID4VP 1.0, section
// 5.10, wants `wallet_metadata` and `wallet_nonce`.
function asSpecified(options, { metadata, nonce }) {
  if (options.method !== "post" || !nonce) return options;
  const body = new URLSearchParams({ wallet_metadata: JSON.stringify(metadata), wallet_nonce: nonce });
  return { ...options, method: "POST", body };
}

// The hashes that Key Binding JWTs have to show that the person saw what a transaction is about.
function transactionData({ transactionData: entries }) {
  if (!entries) return {};
  const hashes = entries.map(({ encoded }) => createHash("sha256").update(encoded).digest("base64url"));
  return { more: { transaction_data_hashes: hashes, transaction_data_hashes_alg: "sha-256" } };
}

async function encryptJwe({ publicJwk, alg, enc, apu, apv }, text) {
  const bytes = (base64url) => base64url && Buffer.from(base64url, "base64url");
  const jwe = await new jose.CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg, enc, kid: publicJwk.kid })
    .setKeyManagementParameters({ apu: bytes(apu), apv: bytes(apv) })
    .encrypt(await jose.importJWK(publicJwk, alg));
  return { encryptionJwk: publicJwk, jwe };
}

module.exports = { Presenter };
