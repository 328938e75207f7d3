// Requests whose answers are wanted whatever their status.

const assert = require("node:assert/strict");

// `body` of what is returned is parsed JSON if the answer says so, or else text.
async function call(method, url, { headers, body } = {}) {
  const response = await fetch(url, { method, headers, body });
  const text = await response.text();
  const isJson = /^application\/(.+\+)?json\b/.test(response.headers.get("Content-Type") ?? "");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

const get = (url, headers) => call("GET", url, { headers });

const postForm = (url, fields, headers) => call("POST", url, { headers, body: new URLSearchParams(fields) });

const postJson = (url, value, headers) => sendJson("POST", url, value, headers);

const sendJson = (method, url, value, headers) =>
  call(method, url, { headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(value) });

// The body of an answer that has to have a status and, if that is told, a media type.
function ok(answer, { status = 200, type } = {}) {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  if (type) assert.equal(mediaType(answer), type);
  return answer.body;
}

const mediaType = ({ headers }) => headers.get("Content-Type")?.split(";")[0];

// An OAuth or OpenID4VCI refusal.
function refused(answer, error, status = 400) {
  assert.deepEqual([answer.status, answer.body?.error], [status, error], JSON.stringify(answer.body));
  assert.equal(mediaType(answer), "application/json");
  // The only characters that OpenID4VCI and RFC 6749 allow.
  assert.match(answer.body.error_description ?? "", /^[\x20\x21\x23-\x5B\x5D-\x7E]*$/);
}

module.exports = { call, get, mediaType, ok, postForm, postJson, refused, sendJson };
