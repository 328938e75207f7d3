// What a wallet got as jwt_vc_json (VCDM 1.1), checked.

const assert = require("node:assert/strict");
const { didWebOf, keyOfDid } = require("./issuer");
const { verifyJws } = require("./jws");
const { bitstringStatus } = require("./status");

// Checks that a credential is `issuer`'s, says `subject` of the wallet's key, and says the same in the JWT's claims as in
// those of the credential. The handle that it returns tells what has to differ between copies, and asks for the present
// status.
async function checkJwtVc(credential, { issuer, configuration, key, subject }) {
  const { header, payload } = await verifyJws(credential, "JWT", ({ kid }) => keyOfDid(kid));
  const { vc } = payload;
  assert.equal(payload.iss, didWebOf(issuer));
  assert.equal(header.kid.split("#")[0], payload.iss);
  assert.equal(vc.issuer.id ?? vc.issuer, payload.iss);
  assert.equal(vc["@context"][0], "https://www.w3.org/2018/credentials/v1");
  assert.deepEqual(vc.type, configuration.credential_definition.type);
  assert.deepEqual([vc.id, Date.parse(vc.issuanceDate)], [payload.jti, payload.nbf * 1000]);

  const { id: holder, ...claims } = vc.credentialSubject;
  assert.equal(payload.sub, holder);
  assertDidOf(key, holder);
  assert.deepEqual(claims, subject);
  const entry = vc.credentialStatus;
  const status = () => bitstringStatus(entry, payload.iss);
  return { holder, payload, place: `${entry.statusListCredential}#${entry.statusListIndex}`, salts: [], status };
}

// That a DID is one of the key's. A did:jwk of a proof that had the key itself may have its members in any order.
function assertDidOf(key, did) {
  if (Object.values(key.dids).includes(did)) return;
  assert.match(did, /^did:jwk:[\w-]+$/);
  const jwk = JSON.parse(Buffer.from(did.slice("did:jwk:".length), "base64url"));
  for (const [name, value] of Object.entries(key.jwk)) assert.equal(jwk[name], value, `${name} of ${did}`);
  assert.equal(jwk.d, undefined);
}

module.exports = { assertDidOf, checkJwtVc };
