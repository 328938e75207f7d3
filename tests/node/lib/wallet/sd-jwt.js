// What a wallet got as dc+sd-jwt, checked by hand and by npm @sd-jwt/sd-jwt-vc.

const assert = require("node:assert/strict");
const { digest, generateSalt } = require("@sd-jwt/crypto-nodejs");
const { SDJwtVcInstance } = require("@sd-jwt/sd-jwt-vc");
const { keyOfIssuer } = require("./issuer");
const { verifyJws } = require("./jws");
const { tokenStatus } = require("./status");
const { assertRounded } = require("./times");

const sha256 = (text) => Buffer.from(digest(text)).toString("base64url");

// Checks that a credential is `issuer`'s, says `subject` and belongs to the wallet's key. The handle that it returns
// tells what has to differ between copies, and asks for the present status.
async function checkSdJwt(credential, { issuer, configuration, key, subject }) {
  const [jws, ...rest] = credential.split("~");
  assert.equal(rest.pop(), "", "no key binding yet");
  const keyOf = ({ kid }) => keyOfIssuer(issuer, kid);
  const { payload } = await verifyJws(jws, "dc+sd-jwt", keyOf);
  assert.equal(payload.iss, issuer);
  assert.equal(payload.vct, configuration.vct);
  assert.deepEqual(payload.cnf, { jwk: key.jwk });
  assert.equal(payload.sub, undefined, "nothing links copies to their person");
  assertRounded(payload);

  const { salts, claims } = disclosed(payload, rest);
  assert.deepEqual(claims, subject);
  const status = () => tokenStatus(payload.status.status_list, issuer);
  const library = () => verifyWithLibrary(credential, keyOf);
  await assertLibraryAgrees(library, { subject, key });
  const { idx, uri } = payload.status.status_list;
  return { holder: payload.cnf.jwk, payload, place: `${uri}#${idx}`, salts, status, library };
}

// The claims of disclosures, all of which the payload has to name: once each, among decoys.
function disclosed(payload, disclosures) {
  assert.equal(payload._sd_alg, "sha-256");
  assert.equal(new Set(payload._sd).size, payload._sd.length, "no digest twice");
  const digests = disclosures.map(sha256);
  for (const each of digests) assert.ok(payload._sd.includes(each), `${each} in _sd`);
  assert.equal(new Set(digests).size, digests.length, "no disclosure twice");
  assert.ok(payload._sd.length > digests.length, "decoys hide how many claims there are");
  const triples = disclosures.map((each) => JSON.parse(Buffer.from(each, "base64url").toString("utf8")));
  const salts = triples.map(([salt]) => salt);
  for (const salt of salts) assert.ok(salt.length >= 22, `128 bits of salt: ${salt}`);
  return { salts, claims: Object.fromEntries(triples.map(([, name, value]) => [name, value])) };
}

// Throws if the signature is wrong, a time has passed, or the status list has anything but 0.
async function verifyWithLibrary(credential, keyOf) {
  const instance = new SDJwtVcInstance({
    hasher: digest,
    hashAlg: "sha-256",
    saltGenerator: generateSalt,
    verifier: async (data, signature) => {
      const typ = JSON.parse(Buffer.from(data.split(".")[0], "base64url")).typ;
      await verifyJws(`${data}.${signature}`, typ, keyOf);
      return true;
    },
  });
  return instance.verify(credential);
}

async function assertLibraryAgrees(library, { subject, key }) {
  const { payload } = await library();
  for (const [name, value] of Object.entries(subject)) assert.deepEqual(payload[name], value);
  assert.deepEqual(payload.cnf.jwk, key.jwk);
}

module.exports = { checkSdJwt };
