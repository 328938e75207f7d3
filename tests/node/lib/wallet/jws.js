// Signatures, checked with npm jose.

const assert = require("node:assert/strict");
const jose = require("jose");

// Header and payload of a JWS by the key that `keyOf(header, payload)` finds; its `typ` has to be the one expected.
async function verifyJws(jws, typ, keyOf) {
  const header = jose.decodeProtectedHeader(jws);
  const payload = jose.decodeJwt(jws);
  assert.equal(header.typ, typ);
  const jwk = await keyOf(header, payload);
  assert.equal(jwk.d, undefined, "a public key");
  await jose.compactVerify(jws, await jose.importJWK(jwk, header.alg), { algorithms: [jwk.alg ?? header.alg] });
  return { header, payload };
}

module.exports = { verifyJws };
