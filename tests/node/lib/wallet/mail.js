// The messages that the server under test writes into a folder instead of sending them.

const assert = require("node:assert/strict");
const { readdir, readFile } = require("node:fs/promises");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");
const environment = require("./environment");

async function messagesTo(address) {
  const files = (await readdir(environment.mailDir)).filter((file) => file.endsWith(".eml"));
  const texts = await Promise.all(files.map((file) => readFile(path.join(environment.mailDir, file), "latin1")));
  return texts.filter((text) => /^To: .*/m.exec(text)?.[0].includes(address));
}

// The text/plain part of a message whose parts are all quoted-printable.
function plainText(message) {
  const part = message.split(/^--.*$/m).find((each) => /^Content-Type: text\/plain/im.test(each));
  assert.ok(part, message);
  const body = part.slice(part.indexOf("\r\n\r\n") + 4).replaceAll("=\r\n", "");
  const bytes = body.replaceAll(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

// The transaction codes that were sent to a person so far, each on a line of its own, of the form that an offer tells.
async function txCodes(address, { input_mode: mode = "numeric", length }) {
  const line = new RegExp(`^\\s*(${mode === "numeric" ? "\\d" : "[A-Za-z0-9]"}{${length}})\\s*$`, "m");
  return (await messagesTo(address)).flatMap((message) => line.exec(plainText(message))?.[1] ?? []);
}

// The only one, as soon as it has arrived.
async function txCode(address, form) {
  for (let tries = 0; tries < 200; tries++) {
    const codes = await txCodes(address, form);
    assert.ok(codes.length <= 1, `one code, not ${codes.length}`);
    if (codes.length === 1) return codes[0];
    await sleep(50);
  }
  assert.fail("no transaction code within ten seconds");
}

module.exports = { messagesTo, plainText, txCode };
