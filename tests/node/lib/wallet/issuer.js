// The keys that an issuer publishes, found from what a credential says about its issuer, as a verifier finds them.

const assert = require("node:assert/strict");
const { get, ok } = require("./http");

// The place of a well-known document that the specifications say: inserted before the path of the issuer.
function wellKnown(name, issuer) {
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/${name}${pathname}`;
}

// SD-JWT VC: the JWT VC issuer metadata of `iss`.
async function keyOfIssuer(issuer, kid) {
  const { issuer: named, jwks } = ok(await get(wellKnown("jwt-vc-issuer", issuer)), { type: "application/json" });
  assert.equal(named, issuer);
  return only(jwks.keys, (key) => key.kid === kid, kid);
}

// http://host:port/a/b -> did:web:host%3Aport:a:b
function didWebOf(issuer) {
  const { host, pathname } = new URL(issuer);
  return ["did:web", encodeURIComponent(host), ...pathname.split("/").slice(1)].join(":");
}

// did:web:host%3Aport:a:b -> http://host:port/a/b/did.json. Only a development server lives on this machine, without TLS.
async function didDocument(did) {
  const [host, ...path] = did.slice("did:web:".length).split(":").map(decodeURIComponent);
  const scheme = /^(127\.0\.0\.1|localhost)\b/.test(host) ? "http" : "https";
  const document = ok(await get(`${scheme}://${host}/${path.join("/") || ".well-known"}/did.json`));
  assert.equal(document.id, did);
  return document;
}

// W3C credentials: the key with which a did:web document lets its subject make assertions.
async function keyOfDid(kid) {
  const document = await didDocument(kid.split("#")[0]);
  assert.ok(document.assertionMethod.includes(kid), `${kid} is for assertions`);
  return only(document.verificationMethod, (method) => method.id === kid, kid).publicKeyJwk;
}

function only(list, condition, what) {
  const found = list.filter(condition);
  assert.equal(found.length, 1, `one ${what} in ${JSON.stringify(list)}`);
  return found[0];
}

module.exports = { didDocument, didWebOf, keyOfDid, keyOfIssuer, wellKnown };
