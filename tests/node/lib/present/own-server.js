// A server of the test's own: `bestow dev` with a certificate, on a free port, with a new folder.

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const { mkdtemp, readFile, rm, writeFile } = require("node:fs/promises");
const { createServer } = require("node:net");
const { tmpdir } = require("node:os");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");
const dotenv = require("dotenv");

// What a certificate's DNS name has to be. Wallets look it up by lookUp.
const HOST = "localhost";

class OwnServer {
  // `certificates` and `privateKey` are PEM.
  static async start({ certificates, privateKey }) {
    const server = new OwnServer();
    server.folder = await mkdtemp(path.join(tmpdir(), "bestow-verify-"));
    const file = (name) => path.join(server.folder, name);
    await writeFile(file("chain.pem"), certificates);
    await writeFile(file("key.pem"), privateKey, { mode: 0o600 });
    const port = await freePort();
    server.at = `http://127.0.0.1:${port}`;
    // The variables of the server under test are not for this one.
    const foreign = Object.entries(process.env).filter(([name]) => !name.startsWith("BESTOW_"));
    const env = {
      ...Object.fromEntries(foreign),
      // All that tests ask comes from one address.
      BESTOW_LIMITS_PUBLIC_REQUESTS_PER_MINUTE: "100000",
      BESTOW_PUBLIC_URL: `http://${HOST}:${port}`,
      BESTOW_VERIFIER_CERTIFICATE_FILE: file("chain.pem"),
      BESTOW_VERIFIER_KEY_FILE: file("key.pem"),
    };
    const args = ["dev", "--listen", `127.0.0.1:${port}`, "--data-dir", file("data")];
    server.process = spawn(process.env.BESTOW_BIN, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    server.said = "";
    for (const stream of ["stdout", "stderr"]) server.process[stream].on("data", (text) => (server.said += text));
    await server.#ready();
    server.variables = dotenv.parse(await readFile(file("data/dev.env")));
    return server;
  }

  async stop() {
    this.process.kill("SIGTERM");
    if (this.process.exitCode === null) await once(this.process, "exit");
    await rm(this.folder, { recursive: true });
    assert.equal(this.process.exitCode, 0, this.said);
  }

  async #ready() {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(100)) {
      assert.equal(this.process.exitCode, null, this.said);
      if (await fetch(`${this.at}/readyz`).then(({ ok }) => ok, () => false)) return;
    }
    assert.fail(`not ready: ${this.said}`);
  }
}

// fetch that finds the host, whatever this machine's resolver makes of its name.
const lookUp = (url, options) => fetch(String(url).replace(`//${HOST}:`, "//127.0.0.1:"), options);

// A port that nobody listens on.
async function freePort() {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

module.exports = { HOST, OwnServer, lookUp };
