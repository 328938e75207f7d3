// How a wallet sees that a request is the verifier's: the keys of request objects, found from what their headers say.

const assert = require("node:assert/strict");
const { X509Certificate } = require("node:crypto");
const jose = require("jose");
const { didDocument } = require("../wallet/issuer");

// For @openid4vc/openid4vp: checks the signature of a request object.
async function verifyJwt(signer, { compact }) {
  const signerJwk = await KEYS[signer.method](signer);
  await jose.compactVerify(compact, await jose.importJWK(signerJwk, signer.alg), { algorithms: ["ES256"] });
  return { verified: true, signerJwk };
}

const KEYS = {
  // Of the client identifier prefix decentralized_identifier.
  async did({ didUrl }) {
    const { verificationMethod } = await didDocument(didUrl.split("#")[0]);
    const found = verificationMethod.filter(({ id }) => id === didUrl);
    assert.equal(found.length, 1, `one ${didUrl} in ${JSON.stringify(verificationMethod)}`);
    return found[0].publicKeyJwk;
  },

  // Of the prefixes x509_san_dns and x509_hash. Whom a wallet trusts is not tested here: the chain has to be one.
  x5c({ x5c }) {
    const chain = x5c.map(certificate);
    chain.slice(1).forEach((issuer, n) => assert.ok(chain[n].verify(issuer.publicKey), `${n} is signed by its next`));
    return chain[0].publicKey.export({ format: "jwk" });
  },
};

const certificate = (base64) => new X509Certificate(Buffer.from(base64, "base64"));

// For @openid4vc/openid4vp: the names in a certificate.
function getX509CertificateMetadata(base64) {
  const names = (certificate(base64).subjectAltName ?? "").split(", ");
  const of = (kind) => names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length));
  return { sanDnsNames: of("DNS:"), sanUriNames: of("URI:") };
}

module.exports = { getX509CertificateMetadata, verifyJwt };
