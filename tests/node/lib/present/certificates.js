// A chain of certificates for a verifier, made with npm @peculiar/x509.

const { webcrypto } = require("node:crypto");
const x509 = require("@peculiar/x509");

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

const validity = () => ({ notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + 30 * DAY) });

const authority = (pathLength) => [
  new x509.BasicConstraintsExtension(true, pathLength, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
];

// A certificate for a DNS name, the intermediate one that signed it, and the key: PEM, as an operator configures them.
// The root is what wallets would know already.
async function makeChain(dns) {
  const [rootKeys, middleKeys, leafKeys] = await Promise.all([newKeys(), newKeys(), newKeys()]);
  const signed = (subject, issuer, publicKey, signingKey, extensions) =>
    x509.X509CertificateGenerator.create({
      ...validity(),
      subject: `CN=${subject}`,
      issuer: `CN=${issuer}`,
      publicKey,
      signingKey,
      signingAlgorithm: ALGORITHM,
      extensions,
    });
  const middle = await signed("Middle", "Root", middleKeys.publicKey, rootKeys.privateKey, authority(0));
  const leaf = await signed("Verifier", "Middle", leafKeys.publicKey, middleKeys.privateKey, [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.SubjectAlternativeNameExtension([{ type: "dns", value: dns }]),
  ]);
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", leafKeys.privateKey);
  const certificates = [leaf, middle].map((each) => each.toString("pem")).join("\n");
  return { certificates: `${certificates}\n`, privateKey: `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n` };
}

module.exports = { makeChain };
