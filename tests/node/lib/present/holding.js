// A credential that a wallet holds, and the presentations that it makes of it.

const { digest, generateSalt } = require("@sd-jwt/crypto-nodejs");
const { SDJwtVcInstance } = require("@sd-jwt/sd-jwt-vc");
const { createVerifiablePresentationJwt } = require("did-jwt-vc");
const { newOffer, offerUri } = require("../wallet/offers");
const { WalletKey } = require("../wallet/keys");
const { Wallet } = require("../wallet/openid4vc");

const now = () => Math.floor(Date.now() / 1000);

const payloadOf = (jws) => JSON.parse(Buffer.from(jws.split(".")[1], "base64url"));

// Signs as the libraries ask: what is before the signature.
const signer = (key) => (input) => {
  const [header, payload] = input.split(".").map((part) => JSON.parse(Buffer.from(part, "base64url")));
  return key.sign(header, payload).split(".")[2];
};

class SdJwt {
  static format = "dc+sd-jwt";

  constructor(credential, key) {
    Object.assign(this, { format: SdJwt.format, credential, key, payload: payloadOf(credential) });
    this.library = new SDJwtVcInstance({
      hasher: digest,
      hashAlg: "sha-256",
      saltGenerator: generateSalt,
      kbSigner: signer(key),
      kbSignAlg: key.alg,
    });
  }

  // What npm dcql reads.
  async description() {
    const claims = await this.library.getClaims(this.credential);
    return { credential_format: SdJwt.format, vct: this.payload.vct, claims, cryptographic_holder_binding: true };
  }

  // Discloses `claims`, an object whose leaves are what is shown. `more` are members of the Key Binding JWT, others or
  // more than the usual.
  present({ claims, audience, nonce, more = {} }) {
    const payload = { iat: now(), aud: audience, nonce, ...more };
    return this.library.present(this.credential, frame(claims), { kb: { payload } });
  }
}

// What @sd-jwt wants to be told: true for everything to disclose.
const frame = (claims) =>
  claims !== null && typeof claims === "object"
    ? Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, frame(value)]))
    : true;

class JwtVc {
  static format = "jwt_vc_json";

  constructor(credential, key) {
    Object.assign(this, { format: JwtVc.format, credential, key, payload: payloadOf(credential) });
  }

  async description() {
    const { vc } = this.payload;
    return { credential_format: JwtVc.format, type: vc.type, claims: vc, cryptographic_holder_binding: true };
  }

  // A presentation in the form of VCDM 1.1, which shows all that its credentials say. `header` and `more` are members of
  // the JWT, others or more than the usual of npm did-jwt-vc, which has neither a kid nor a time.
  present({ audience, nonce, header = {}, more = {}, credentials = [this.credential] }) {
    const { sub: did } = this.payload;
    const vp = {
      "@context": ["https://www.w3.org/2018/credentials/v1"],
      type: ["VerifiablePresentation"],
      verifiableCredential: credentials,
    };
    const holder = { did, signer: signer(this.key), alg: this.key.alg };
    return createVerifiablePresentationJwt({ vp, ...more }, holder, { challenge: nonce, domain: audience, header });
  }
}

const FORMATS = { [SdJwt.format]: SdJwt, [JwtVc.format]: JwtVc };

// Claims a new offer with a new wallet, and holds what it got. `binding`: how the wallet names its key.
async function claim(format = SdJwt.format, { alg = "ES256", binding = "did:jwk" } = {}) {
  const offer = await newOffer();
  const key = new WalletKey(alg);
  const wallet = await Wallet.of({ keys: [key], binding });
  const uri = await offerUri(offer.id, "1.0", "reference");
  const { configuration, credentials } = await wallet.claim(uri, format);
  return Object.assign(new FORMATS[format](credentials[0], key), { offer, configuration });
}

module.exports = { JwtVc, SdJwt, claim, now, payloadOf, signer };
