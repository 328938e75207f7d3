// What tests of the verifier's pages share: handing in what is to be checked, and asking wallets.

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { writeFile } = require("node:fs/promises");
const { tmpdir } = require("node:os");
const path = require("node:path");
const axe = require("axe-core");
const { prepareZXingModule, writeBarcode } = require("zxing-wasm/writer");
const { textOf, visit } = require("./claim-page");
const environment = require("./wallet/environment");

const FORM = `${environment.url}/verify`;

// The library would fetch this from a server.
const wasmBinary = readFileSync(require.resolve("zxing-wasm/writer/zxing_writer.wasm")).buffer;
prepareZXingModule({ overrides: { wasmBinary } });

// A picture of a QR code that says `text`.
async function codeOf(text) {
  const { image, error } = await writeBarcode(text, { format: "QRCode", scale: 4, ecLevel: "L" });
  assert.equal(error, "");
  return Buffer.from(await image.arrayBuffer());
}

// Clicks what leads to another page.
async function follow(page, selector) {
  const [response] = await Promise.all([page.waitForNavigation(), page.click(selector)]);
  return response;
}

// Opens the form, and fills and sends it with `send`. Passes the answer to `look`. Chromium complains of every page whose
// status is `status`, if that is not 200.
function handIn(browser, options, send, look) {
  const { status = 200, ...rest } = options;
  return visit(browser, FORM, rest, async (page, _, complaints) => {
    const origins = new Set();
    page.on("request", (request) => origins.add(new URL(request.url()).origin));
    const response = await send(page);
    assert.equal(response.status(), status);
    if (status !== 200) assert.match(complaints.splice(0).join("\n"), new RegExp(`^[^\n]*status of ${status} [^\n]*$`));
    const seen = await look(page, response);
    assert.deepEqual([...origins], [new URL(FORM).origin], "nothing is fetched from elsewhere");
    return seen;
  });
}

// Pastes a text.
function paste(browser, text, options, look) {
  const send = async (page) => {
    // Typing a credential takes seconds.
    await page.$eval("#text", (field, text) => (field.value = text), text);
    return follow(page, "[aria-labelledby=paste] button");
  };
  return handIn(browser, options, send, look);
}

// Chooses a file as the picture.
function choose(browser, file, options, look) {
  const send = async (page) => {
    const name = path.join(tmpdir(), `bestow-${randomUUID()}.png`);
    await writeFile(name, file);
    await (await page.$("#file")).uploadFile(name);
    return follow(page, "[aria-labelledby=picture] button");
  };
  return handIn(browser, options, send, look);
}

// Asks by a public template, by its button.
async function ask(page, { definitionId }) {
  await follow(page, `form[action$="/${definitionId}"] button`);
  assert.match(new URL(page.url()).pathname, /\/present\/[0-9a-f-]{36}$/);
}

// What the table says.
const claimsOf = (page) =>
  page.$$eval("tbody tr", (rows) =>
    Object.fromEntries(rows.map((row) => ["th", "td"].map((cell) => row.querySelector(cell).innerText))),
  );

// The outcome of each check, by the mark in front of it.
const checksOf = (page) =>
  page.$$eval(".checks li", (items) =>
    Object.fromEntries(items.map((item) => [item.querySelector("strong").textContent, item.dataset.result])),
  );

const verdictOf = (page) => textOf(page, ".banner h1");

// What axe-core finds wrong with a page: nothing.
async function accessible(page, what) {
  await page.evaluate(axe.source);
  for (const value of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    assert.deepEqual(found, [], `${what}, ${value}`);
  }
}

// That a page is no wider than any screen.
async function fits(page, what) {
  for (const width of [320, 390, 768, 1440]) {
    await page.setViewport({ width, height: 800 });
    const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(scrolled <= width, `${what}: ${scrolled} > ${width}`);
  }
}

// That the keyboard reaches every control of a page, in its order, and that each shows it.
async function reachable(page, what) {
  const controls = "a[href], summary, button, input, textarea";
  const names = (all) => all.filter((one) => one.checkVisibility()).map((one) => one.id || one.textContent.trim());
  const wanted = await page.$$eval(controls, names);
  for (const expected of wanted) {
    await page.keyboard.press("Tab");
    const { name, outline } = await page.evaluate(() => {
      const { id, textContent } = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return { name: id || textContent.trim(), outline: `${outlineStyle} ${outlineWidth}` };
    });
    assert.deepEqual([name, outline], [expected, "solid 3px"], what);
  }
}

module.exports = {
  FORM,
  accessible,
  ask,
  checksOf,
  choose,
  claimsOf,
  codeOf,
  fits,
  follow,
  paste,
  reachable,
  verdictOf,
};
