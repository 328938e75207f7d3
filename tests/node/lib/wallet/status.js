// Whether a credential was revoked, as its status list says.

const assert = require("node:assert/strict");
const { gunzipSync, inflateSync } = require("node:zlib");
const { getListFromStatusListJWT } = require("@sd-jwt/jwt-status-list");
const { get, ok } = require("./http");
const { keyOfDid, keyOfIssuer } = require("./issuer");
const { verifyJws } = require("./jws");

const now = () => Date.now() / 1000;

function assertTimes({ iat, exp }) {
  assert.ok(iat <= now() + 5, `iat ${iat}`);
  if (exp !== undefined) assert.ok(exp > now(), `exp ${exp}`);
}

// Token Status List: the status at `idx` of the list at `uri`, signed by the issuer of the credential.
async function tokenStatus({ idx, uri }, issuer) {
  const type = "application/statuslist+jwt";
  const jws = ok(await get(uri, { Accept: type }), { type });
  const { payload } = await verifyJws(jws, "statuslist+jwt", ({ kid }) => keyOfIssuer(issuer, kid));
  assert.equal(payload.sub, uri);
  assertTimes(payload);
  const { bits, lst } = payload.status_list;
  assert.ok([1, 2, 4, 8].includes(bits), `bits ${bits}`);
  const bytes = inflateSync(Buffer.from(lst, "base64url"));
  const status = (bytes[Math.floor((idx * bits) / 8)] >> ((idx * bits) % 8)) & (2 ** bits - 1);
  assert.equal(getListFromStatusListJWT(jws).getStatus(idx), status, "@sd-jwt/jwt-status-list agrees");
  return status;
}

// Bitstring Status List: the bit of an entry, in a list signed by the issuer of the credential.
async function bitstringStatus(entry, issuer) {
  const { statusListCredential: url, statusListIndex: index, statusPurpose } = entry;
  assert.deepEqual([entry.type, statusPurpose, typeof index], ["BitstringStatusListEntry", "revocation", "string"]);
  assert.notEqual(entry.id, url);
  const jws = ok(await get(url), { type: "application/vc+jwt" });
  const { header, payload } = await verifyJws(jws, "vc+jwt", ({ kid }) => keyOfDid(kid));
  assert.equal(header.kid.split("#")[0], issuer);
  assert.deepEqual([payload.id, payload.issuer?.id ?? payload.issuer], [url, issuer]);
  const { type, statusPurpose: purpose, encodedList } = payload.credentialSubject;
  assert.deepEqual([type, purpose, encodedList[0]], ["BitstringStatusList", "revocation", "u"]);
  const bytes = gunzipSync(Buffer.from(encodedList.slice(1), "base64url"));
  assert.ok(bytes.length * 8 >= 131_072, `${bytes.length} bytes`);
  return (bytes[index >> 3] >> (7 - (index & 7))) & 1;
}

module.exports = { bitstringStatus, tokenStatus };
