// A witness as the specifications have it (C2SP tlog-witness, tlog-cosignature, signed-note; RFC 6962): a log that is written
// here, with node:crypto alone, asks a `bestow witness` of this test's own (BESTOW_BIN) to cosign it.

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const crypto = require("node:crypto");
const { once } = require("node:events");
const { mkdtemp, rm } = require("node:fs/promises");
const { tmpdir } = require("node:os");
const path = require("node:path");
const { createInterface } = require("node:readline");
const { after, before, describe, test } = require("node:test");

const ORIGIN = "log.example/node";
const SKIP = process.env.BESTOW_BIN ? false : "BESTOW_BIN is not set";

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), crypto.createHash("sha256")).digest();
const leafHash = (data) => sha256(Buffer.of(0), data);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

// RFC 6962, section 2.1: the largest power of two smaller than n.
function split(n) {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

function treeHash(leaves) {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0];
  const k = split(leaves.length);
  return nodeHash(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

// RFC 6962, section 2.1.2.
function consistencyProof(m, leaves) {
  return m === 0 ? [] : subproof(m, leaves, true);
}

function subproof(m, leaves, whole) {
  if (m === leaves.length) return whole ? [] : [treeHash(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), treeHash(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), treeHash(leaves.slice(0, k))];
}

// The raw public key of an Ed25519 key object.
const rawPublic = (key) => key.export({ format: "der", type: "spki" }).subarray(-32);
const fromRaw = (raw) =>
  crypto.createPublicKey({ key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]), format: "der", type: "spki" });
// signed-note, "Signatures"; tlog-cosignature, "Format".
const keyId = (name, type, raw) => sha256(`${name}\n`, Buffer.of(type), raw).subarray(0, 4);

// A log that signs whatever its leaves are.
class Log {
  constructor(origin, privateKey = crypto.generateKeyPairSync("ed25519").privateKey) {
    this.origin = origin;
    this.privateKey = privateKey;
    this.raw = rawPublic(crypto.createPublicKey(privateKey));
  }

  get vkey() {
    const typed = Buffer.concat([Buffer.of(1), this.raw]).toString("base64");
    return `${this.origin}+${keyId(this.origin, 1, this.raw).toString("hex")}+${typed}`;
  }

  text(leaves, extensions = []) {
    return [this.origin, leaves.length, treeHash(leaves).toString("base64"), ...extensions, ""].join("\n");
  }

  note(text) {
    const signature = Buffer.concat([keyId(this.origin, 1, this.raw), crypto.sign(null, text, this.privateKey)]);
    return `${text}\n\u2014 ${this.origin} ${signature.toString("base64")}\n`;
  }

  body(old, leaves, extensions) {
    const proof = consistencyProof(old, leaves).map((hash) => `${hash.toString("base64")}\n`);
    return `old ${old}\n${proof.join("")}\n${this.note(Buffer.from(this.text(leaves, extensions)))}`;
  }
}

const entries = (count, name = "entry") => Array.from({ length: count }, (_, i) => leafHash(`${name} ${i}`));

class Witness {
  static async start(logs) {
    const witness = new Witness();
    witness.folder = await mkdtemp(path.join(tmpdir(), "bestow-witness-"));
    const foreign = Object.entries(process.env).filter(([name]) => !name.startsWith("BESTOW_"));
    const env = { ...Object.fromEntries(foreign), BESTOW_LIMITS_PUBLIC_REQUESTS_PER_MINUTE: "0", BESTOW_LOGGING_LEVEL: "error" };
    const args = ["witness", "--json", "--listen", "127.0.0.1:0", "--data-dir", path.join(witness.folder, "data")];
    args.push(...logs.flatMap((log) => ["--log", log.vkey]));
    witness.process = spawn(process.env.BESTOW_BIN, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(createInterface({ input: witness.process.stdout }), "line");
    Object.assign(witness, JSON.parse(line));
    return witness;
  }

  async stop() {
    this.process.kill("SIGTERM");
    if (this.process.exitCode === null) await once(this.process, "exit");
    await rm(this.folder, { recursive: true });
    assert.equal(this.process.exitCode, 0);
  }

  async ask(body) {
    const answer = await fetch(`${this.url}/add-checkpoint`, { method: "POST", body });
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
  }

  // Checks a cosignature by the text of tlog-cosignature, and gives its time.
  verify(lines, text) {
    const [name, id, typed] = this.key.split(/\+(?=[0-9a-f]{8}\+)|(?<=\+[0-9a-f]{8})\+/);
    const key = Buffer.from(typed, "base64");
    assert.equal(key.length, 33);
    assert.equal(key[0], 4, "an Ed25519 cosignature key");
    assert.equal(id, keyId(name, 4, key.subarray(1)).toString("hex"));
    const match = /^\u2014 (\S+) (\S+)\n$/u.exec(lines);
    assert.ok(match, lines);
    assert.equal(match[1], name);
    const signature = Buffer.from(match[2], "base64");
    assert.equal(signature.toString("base64"), match[2]);
    assert.equal(signature.length, 4 + 8 + 64);
    assert.equal(signature.subarray(0, 4).toString("hex"), id);
    const time = signature.readBigUInt64BE(4);
    const message = `cosignature/v1\ntime ${time}\n${text}`;
    assert.ok(crypto.verify(null, Buffer.from(message), fromRaw(key.subarray(1)), signature.subarray(12)), message);
    return Number(time);
  }
}

describe("a witness", { skip: SKIP }, () => {
  const logs = Array.from({ length: 8 }, (_, i) => new Log(`${ORIGIN}/${i}`));
  const unused = [...logs];
  let witness;
  before(async () => {
    witness = await Witness.start(logs);
  });
  after(() => witness?.stop());

  const refused = async (body, status) => {
    const answer = await witness.ask(body);
    assert.equal(answer.status, status, answer.text);
    return answer;
  };
  const conflict = async (body, size) => {
    const { type, text } = await refused(body, 409);
    assert.equal(type, "text/x.tlog.size");
    assert.equal(text, `${size}\n`);
  };
  const cosigned = async (body, text) => {
    const answer = await refused(body, 200);
    const earliest = Math.floor(Date.now() / 1000) - 60;
    const time = witness.verify(answer.text, text);
    assert.ok(time >= earliest && time <= Date.now() / 1000 + 60, `${time}`);
  };

  test("publishes the key that it prints", async () => {
    const answer = await fetch(`${witness.url}/key`);
    assert.equal(await answer.text(), `${witness.key}\n`);
  });

  test("cosigns every way in which a log can grow by up to 40 leaves", async () => {
    const log = unused.pop();
    const leaves = entries(300);
    let old = 0;
    for (const grow of [1, 0, 1, 1, 1, 2, 2, 8, 15, 1, 32, 40, 7, 17, 40, 40, 40, 7, 1, 40]) {
      const now = leaves.slice(0, old + grow);
      await cosigned(log.body(old, now), log.text(now));
      old = now.length;
    }
  });

  test("signs extension lines as they are", async () => {
    const log = unused.pop();
    const leaves = entries(3);
    const extensions = ["an extension", "\u00fcber \u2014 alles"];
    await cosigned(log.body(0, leaves, extensions), log.text(leaves, extensions));
  });

  test("signs one of two histories", async () => {
    const log = unused.pop();
    const common = entries(9);
    const [ours, theirs] = ["ours", "theirs"].map((name) => [...common, ...entries(20, name)]);
    await cosigned(log.body(0, common), log.text(common));
    await cosigned(log.body(9, ours), log.text(ours));
    await conflict(log.body(9, theirs), 29);
    await conflict(log.body(29, theirs), 29);
    await refused(log.body(29, [...theirs, leafHash("one more")]), 422);
    await cosigned(log.body(29, [...ours, leafHash("one more")]), log.text([...ours, leafHash("one more")]));
  });

  test("two histories at once: one is signed", async () => {
    const log = unused.pop();
    const common = entries(5);
    await cosigned(log.body(0, common), log.text(common));
    const histories = Array.from({ length: 16 }, (_, i) => [...common, ...entries(3, `history ${i}`)]);
    const answers = await Promise.all(histories.map((leaves) => witness.ask(log.body(5, leaves))));
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, ...Array(15).fill(409)]);
    const signed = answers.findIndex(({ status }) => status === 200);
    witness.verify(answers[signed].text, log.text(histories[signed]));
    await cosigned(log.body(8, histories[signed]), log.text(histories[signed]));
  });

  test("answers as the specification says", async () => {
    const log = unused.pop();
    const leaves = entries(20);
    await conflict(log.body(3, leaves), 0);
    await cosigned(log.body(0, leaves), log.text(leaves));
    await conflict(log.body(0, leaves), 20);
    await conflict(log.body(7, leaves), 20);
    await refused(log.body(20, leaves).replace("old 20", "old 21"), 400);
    await refused(log.body(20, leaves).replace("old 20", "old 020"), 400);
    await refused(log.note(Buffer.from(log.text(leaves))), 400);
    await refused(new Log(log.origin).body(20, leaves), 403);
    await refused(new Log("unknown.example", log.privateKey).body(0, leaves), 404);
    const more = entries(33);
    await refused(log.body(20, more).replace(/\n[^\n]+\n\n/, "\n\n"), 422);
    await refused(log.body(20, more).replace("\n\n", `\n${treeHash(more).toString("base64")}\n\n`), 422);
    await cosigned(log.body(20, more), log.text(more));
  });
});
