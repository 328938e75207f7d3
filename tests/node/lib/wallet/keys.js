// The keys of a wallet, and what it signs with them.

const { generateKeyPairSync, sign } = require("node:crypto");

const KINDS = {
  ES256: { type: "ec", options: { namedCurve: "P-256" }, multicodec: [0x80, 0x24] },
  ES256K: { type: "ec", options: { namedCurve: "secp256k1" }, multicodec: [0xe7, 0x01] },
  EdDSA: { type: "ed25519", options: {}, multicodec: [0xed, 0x01] },
};

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

// Of bytes of which the first is not zero.
function base58(bytes) {
  let text = "";
  for (let rest = BigInt(`0x${bytes.toString("hex")}`); rest > 0n; rest /= 58n) text = BASE58[Number(rest % 58n)] + text;
  return text;
}

// As did:key writes it: a point compressed.
function rawPublicKey({ kty, x, y }) {
  const bytes = Buffer.from(x, "base64url");
  if (kty === "OKP") return bytes;
  return Buffer.concat([Buffer.from([2 + (Buffer.from(y, "base64url").at(-1) & 1)]), bytes]);
}

class WalletKey {
  #privateKey;

  constructor(alg = "ES256") {
    const { type, options, multicodec } = KINDS[alg];
    const { privateKey, publicKey } = generateKeyPairSync(type, options);
    this.#privateKey = privateKey;
    this.alg = alg;
    this.jwk = publicKey.export({ format: "jwk" });
    const bytes = Buffer.concat([Buffer.from(multicodec), rawPublicKey(this.jwk)]);
    this.dids = { "did:jwk": `did:jwk:${base64url(this.jwk)}`, "did:key": `did:key:z${base58(bytes)}` };
  }

  // The id of the only key of the DID of a method.
  kid(method) {
    const did = this.dids[method];
    return `${did}#${method === "did:key" ? did.slice("did:key:".length) : "0"}`;
  }

  // How a proof may name this key: `jwk`, or the `kid` of a DID.
  header(binding) {
    return binding === "jwk" ? { jwk: this.jwk } : { kid: this.kid(binding) };
  }

  // A compact JWS.
  sign(header, payload) {
    const input = `${base64url(header)}.${base64url(payload)}`;
    const key = { key: this.#privateKey, dsaEncoding: "ieee-p1363" };
    const signature = sign(this.alg === "EdDSA" ? null : "sha256", Buffer.from(input), key);
    return `${input}.${signature.toString("base64url")}`;
  }

  // A key proof of OpenID4VCI.
  prove({ audience, nonce, binding = "jwk" }) {
    const header = { alg: this.alg, typ: "openid4vci-proof+jwt", ...this.header(binding) };
    return this.sign(header, { aud: audience, iat: Math.floor(Date.now() / 1000), nonce });
  }
}

module.exports = { WalletKey };
