// What tests of the claim page share: offers over the API, and a browser that opens their pages.

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { existsSync, readFileSync } = require("node:fs");
const path = require("node:path");
const { PNG } = require("pngjs");
const puppeteer = require("puppeteer-core");
const { prepareZXingModule, readBarcodes } = require("zxing-wasm/reader");

const {
  BESTOW_ADMIN_KEY: ADMIN_KEY,
  BESTOW_CORRELATION_ID: CORRELATION_ID,
  BESTOW_CREDENTIAL_ID: CREDENTIAL_ID,
  BESTOW_OFFERS_URL: OFFERS,
  BESTOW_URL: URL,
} = process.env;

async function call(method, url, body) {
  const headers = { "X-API-KEY": ADMIN_KEY };
  const isForm = body instanceof FormData;
  if (body && !isForm) headers["Content-Type"] = "application/json";
  const response = await fetch(url, { method, headers, body: body && !isForm ? JSON.stringify(body) : body });
  const text = await response.text();
  assert.ok(response.ok, `${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

// A logo: a white ring on green.
function logo() {
  const size = 96;
  const png = new PNG({ width: size, height: size });
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const distance = Math.hypot(x - size / 2, y - size / 2);
      const color = distance > 16 && distance < 30 ? [255, 255, 255, 255] : [10, 107, 61, 255];
      png.data.set(color, 4 * (y * size + x));
    }
  }
  return PNG.sync.write(png);
}

// Makes an organisation profile with a logo; its id.
async function newProfile(name) {
  const form = new FormData();
  form.append("name", name);
  form.append("image", new Blob([logo()], { type: "image/png" }), "logo.png");
  return (await call("POST", OFFERS.replace(/credential-offers$/, "organisation-profiles"), form)).id;
}

// Makes an offer; its id.
async function newOffer({ organisationProfileId, expirationDate } = {}) {
  const claims = [{ dataType: "string", claimName: "fullName", claimValue: "John Doe" }];
  const offer = { email: `${randomUUID()}@example.com`, credentialId: CREDENTIAL_ID, claims, expirationDate };
  const body = { correlationId: CORRELATION_ID, organisationProfileId, credentialOffers: [offer] };
  const { credentialOffers, failedCredentialOffers } = await call("POST", OFFERS, body);
  assert.deepEqual(failedCredentialOffers, []);
  return credentialOffers[0].id;
}

const deleteOffer = (id) => call("DELETE", `${OFFERS}/${id}`);
const pageOf = (id) => `${URL}/claim/${id}`;

function launch() {
  const folders = process.env.PATH.split(path.delimiter);
  const programs = ["chromium", "chromium-browser", "google-chrome"];
  const found = folders.flatMap((folder) => programs.map((program) => path.join(folder, program))).find(existsSync);
  assert.ok(found, "Chromium is installed (scripts/lib.sh does that)");
  // Root has no sandbox; the pages are our own.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return puppeteer.launch({ executablePath: found, headless: true, args });
}

// Opens a page as somebody who reads `language`, and passes it to `look`. Fails if the browser complained about anything.
// `stream` stands in for what the server says of the offer's state.
async function visit(browser, url, options, look) {
  const { language = "en", dark = false, width = 1024, height = 900, scale = 1, script = true, stream } = options;
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    const complaints = [];
    page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.exposeFunction("complain", (what) => complaints.push(what));
    await page.evaluateOnNewDocument(() => {
      addEventListener("securitypolicyviolation", (event) => {
        window.complain(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
      });
    });
    await page.setExtraHTTPHeaders({ "Accept-Language": language });
    await page.setViewport({ width, height, deviceScaleFactor: scale });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
    await page.setJavaScriptEnabled(script);
    if (stream) await answerEvents(page, stream);
    const response = await page.goto(url, { waitUntil: "load" });
    const seen = await look(page, response, complaints);
    assert.deepEqual(complaints, []);
    return seen;
  } finally {
    await context.close();
  }
}

// The stream of events answers as `stream` says, as often as it is asked.
async function answerEvents(page, { status = 200, body = "" }) {
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    if (!request.url().endsWith("/events")) return void request.continue();
    request.respond({ status, contentType: "text/event-stream", body });
  });
}

// The library would fetch this from a server.
const wasmBinary = readFileSync(require.resolve("zxing-wasm/reader/zxing_reader.wasm")).buffer;
prepareZXingModule({ overrides: { wasmBinary } });

// What a QR code on a screenshot says.
async function scan(element) {
  const picture = new Blob([await element.screenshot()], { type: "image/png" });
  const codes = await readBarcodes(picture, { formats: ["QRCode"] });
  assert.deepEqual(codes.map(({ ecLevel }) => ecLevel), ["M"]);
  return codes[0].text;
}

const textOf = (page, selector) => page.$eval(selector, (element) => element.textContent.trim());

module.exports = { deleteOffer, launch, newOffer, newProfile, pageOf, scan, textOf, visit };
