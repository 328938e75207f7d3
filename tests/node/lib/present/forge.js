// Presentations that are not as they should be.

const { createHash } = require("node:crypto");
const { JwtVc, SdJwt, now, payloadOf } = require("./holding");

const sha256 = (text) => createHash("sha256").update(text).digest("base64url");

// Another text of the same form.
const broken = (base64url) => (base64url[0] === "A" ? "B" : "A") + base64url.slice(1);

// A JWS with another signature.
const unsigned = (jws) => [...jws.split(".").slice(0, 2), broken(jws.split(".")[2])].join(".");

// The same holding of a credential with another signature.
function forged({ format, credential, key }) {
  if (format === JwtVc.format) return new JwtVc(unsigned(credential), key);
  const [jws, ...rest] = credential.split("~");
  return new SdJwt([unsigned(jws), ...rest].join("~"), key);
}

// The parts of a presentation of an SD-JWT: all before the Key Binding JWT, and this.
function parts(presentation) {
  const end = presentation.lastIndexOf("~") + 1;
  return [presentation.slice(0, end), presentation.slice(end)];
}

// A presentation whose Key Binding JWT says something else, or is by another key.
function rebound(presentation, { key, header = {}, ...changes }) {
  const [shown, binding] = parts(presentation);
  return shown + key.sign({ typ: "kb+jwt", alg: key.alg, ...header }, { ...payloadOf(binding), ...changes });
}

// A presentation with a disclosure that the issuer did not make, and a Key Binding JWT that fits it.
function embellished({ credential, key }, { audience, nonce }, name, value) {
  const disclosure = Buffer.from(JSON.stringify(["c2FsdHNhbHRzYWx0c2FsdA", name, value])).toString("base64url");
  const [jws, ...rest] = credential.split("~");
  const others = rest.filter((each) => each && JSON.parse(Buffer.from(each, "base64url"))[1] !== name);
  const shown = [jws, ...others, disclosure, ""].join("~");
  const payload = { iat: now(), aud: audience, nonce, sd_hash: sha256(shown) };
  return shown + key.sign({ typ: "kb+jwt", alg: key.alg }, payload);
}

module.exports = { broken, embellished, forged, parts, rebound, unsigned };
