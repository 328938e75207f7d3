// An issuer that the server under test has never heard of: npm @sd-jwt/sd-jwt-vc issues, @sd-jwt/jwt-status-list says what
// was revoked, and a small server publishes keys and list.

const { once } = require("node:events");
const { createServer } = require("node:http");
const { digest, generateSalt } = require("@sd-jwt/crypto-nodejs");
const { StatusList, createHeaderAndPayload } = require("@sd-jwt/jwt-status-list");
const { SDJwtVcInstance } = require("@sd-jwt/sd-jwt-vc");
const { createVerifiableCredentialJwt } = require("did-jwt-vc");
const { WalletKey } = require("../wallet/keys");
const { SdJwt, now, signer } = require("./holding");

const KID = "key-1";

class Stranger {
  // `statuses`: the list, of as many bits an entry.
  static async start({ statuses = [0, 0, 0, 0], bits = 2, alg = "ES256" } = {}) {
    const stranger = new Stranger();
    const key = new WalletKey(alg);
    Object.assign(stranger, { statuses, bits, key, listKey: key });
    stranger.server = createServer((request, response) => stranger.#answer(request, response));
    await once(stranger.server.listen(0, "127.0.0.1"), "listening");
    const { port } = stranger.server.address();
    stranger.origin = `http://127.0.0.1:${port}`;
    stranger.issuers = {
      https: { iss: `${stranger.origin}/tenant`, kid: KID },
      "did:web": { iss: `did:web:127.0.0.1%3A${port}`, kid: `did:web:127.0.0.1%3A${port}#${KID}` },
      "did:jwk": { iss: stranger.key.dids["did:jwk"], kid: stranger.key.kid("did:jwk") },
    };
    return stranger;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  // A credential that says `claims`, all of which are disclosable. `by`: how it names its issuer. `index`: its place in the
  // status list. `more` are claims that are not disclosable.
  async issue({ by = "https", claims, vct = "https://stranger.example/card", index, key = new WalletKey(), more }) {
    const { iss, kid } = this.issuers[by];
    const library = new SDJwtVcInstance({
      hasher: digest,
      hashAlg: "sha-256",
      saltGenerator: generateSalt,
      signer: signer(this.key),
      signAlg: this.key.alg,
    });
    const status = index === undefined ? undefined : { status_list: { idx: index, uri: `${this.origin}/list/${by}` } };
    const payload = { iss, vct, iat: now(), cnf: { jwk: key.jwk }, ...(status && { status }), ...more, ...claims };
    const credential = await library.issue(payload, { _sd: Object.keys(claims) }, { header: { kid } });
    return Object.assign(new SdJwt(credential, key), { issuer: iss, configuration: { vct } });
  }

  // The same as a JWT in the form of VCDM 1.1, which npm did-jwt-vc makes.
  issueW3c({ by, claims, key }) {
    const { iss: did, kid } = this.issuers[by];
    const vc = {
      "@context": ["https://www.w3.org/2018/credentials/v1"],
      type: ["VerifiableCredential", "StrangersCredential"],
      credentialSubject: claims,
    };
    const issuer = { did, signer: signer(this.key), alg: this.key.alg };
    const payload = { sub: key.dids["did:jwk"], nbf: now() - 60, vc };
    return createVerifiableCredentialJwt(payload, issuer, { header: { kid } });
  }

  #answer({ url }, response) {
    const document = this.#documents[url.split("?")[0]];
    response.statusCode = document ? 200 : 404;
    if (document) response.setHeader("Content-Type", document.type);
    response.end(document?.body());
  }

  #documents = {
    "/.well-known/jwt-vc-issuer/tenant": json(() => {
      return { issuer: this.issuers.https.iss, jwks: { keys: [{ ...this.key.jwk, kid: KID, use: "sig" }] } };
    }),
    "/.well-known/did.json": json(() => {
      const { iss: id, kid } = this.issuers["did:web"];
      const method = { id: kid, type: "JsonWebKey", controller: id, publicKeyJwk: this.key.jwk };
      return { "@context": ["https://www.w3.org/ns/did/v1"], id, verificationMethod: [method], assertionMethod: [kid] };
    }),
    ...Object.fromEntries(
      ["https", "did:web", "did:jwk"].map((by) => [
        `/list/${by}`,
        { type: "application/statuslist+jwt", body: () => this.#list(by) },
      ]),
    ),
  };

  #list(by) {
    const { kid } = this.issuers[by];
    const about = { sub: `${this.origin}/list/${by}`, iat: now(), ttl: 1 };
    const header = { alg: this.key.alg, typ: "statuslist+jwt", kid };
    const list = createHeaderAndPayload(new StatusList(this.statuses, this.bits), about, header);
    return this.listKey.sign(list.header, list.payload);
  }
}

const json = (document) => ({ type: "application/json", body: () => JSON.stringify(document()) });

module.exports = { Stranger };
