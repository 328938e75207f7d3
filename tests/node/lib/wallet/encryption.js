// Encrypted credential requests and answers of OpenID4VCI 1.0, section 10, with npm jose.

const assert = require("node:assert/strict");
const jose = require("jose");
const { call, ok } = require("./http");

// A key to which a wallet has its answers encrypted.
class ResponseKey {
  static async of(alg = "ECDH-ES") {
    const key = new ResponseKey();
    const pair = await jose.generateKeyPair(alg, { crv: "P-256" });
    key.privateKey = pair.privateKey;
    key.jwk = { ...(await jose.exportJWK(pair.publicKey)), kid: "wallet-1", use: "enc", alg };
    return key;
  }

  // `credential_response_encryption` of a request.
  wanted(enc, more) {
    return { credential_response_encryption: { jwk: this.jwk, enc, ...more } };
  }

  // What an encrypted answer says.
  async open(answer, { enc, zip, status = 200 }) {
    const jwe = ok(answer, { status, type: "application/jwt" });
    const { plaintext, protectedHeader } = await jose.compactDecrypt(jwe, this.privateKey);
    const { epk, cty, typ, ...header } = protectedHeader;
    assert.deepEqual({ zip, ...header }, { alg: this.jwk.alg, enc, kid: this.jwk.kid, zip });
    return JSON.parse(new TextDecoder().decode(plaintext));
  }
}

// Sends a value encrypted to a key that the issuer publishes.
async function postEncrypted(url, value, { metadata, authorization, enc, zip, jwk }) {
  const to = jwk ?? metadata.credential_request_encryption.jwks.keys[0];
  const { alg, kid } = to;
  const body = await new jose.CompactEncrypt(new TextEncoder().encode(JSON.stringify(value)))
    .setProtectedHeader({ alg, enc, kid, ...(zip && { zip }) })
    .encrypt(await jose.importJWK(to, alg));
  return call("POST", url, { headers: { "Content-Type": "application/jwt", ...authorization }, body });
}

module.exports = { ResponseKey, postEncrypted };
