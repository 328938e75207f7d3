// Opens the page of an offer in Chromium, as people with different languages, screens and abilities do, against the server
// that BESTOW_ENV_FILE (the dev.env of `bestow dev`) describes. Writes docs/images anew if BESTOW_SCREENSHOTS names a folder.

const assert = require("node:assert/strict");
const path = require("node:path");
const { after, before, test } = require("node:test");
const { setTimeout: sleep } = require("node:timers/promises");
const axe = require("axe-core");
const dotenv = require("dotenv");

const { error } = dotenv.config({ path: process.env.BESTOW_ENV_FILE });
if (error) throw error;
const { deleteOffer, launch, newOffer, newProfile, pageOf, scan, textOf, visit } = require("./lib/claim-page.js");
const { Wallet } = require("./lib/wallet/openid4vc");

const ORGANISATION = "Universität Köln & Söhne";
// Accept-Language, the page's language, and what its button says.
const LANGUAGES = [
  ["en-GB,en;q=0.9", "en", "Open in my wallet"],
  ["de", "de", "In meiner Wallet öffnen"],
  ["fr-CH, fr;q=0.9, en;q=0.8", "fr", "Ouvrir dans mon portefeuille"],
  ["es-MX", "es", "Abrir en mi cartera"],
  ["zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans", "在我的钱包中打开"],
];
const WIDTHS = [320, 390, 768, 1440];

let browser;
let organisationProfileId;
before(async () => {
  browser = await launch();
  organisationProfileId = await newProfile(ORGANISATION);
});
after(() => browser?.close());

const offer = (rest) => newOffer({ organisationProfileId, ...rest });
const stateOf = (page) => page.$eval("#state", (region) => region.dataset.state);
const event = (state) => ({ body: `event: state\ndata: ${state}\n\n` });

// How far what a reader looks at has jumped since the page was opened.
const shifted = () =>
  new Promise((resolve) => {
    const sum = (list) => resolve(list.getEntries().reduce((total, { value }) => total + value, 0));
    new PerformanceObserver(sum).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(0), 50);
  });

// What axe-core finds wrong with a page: nothing.
async function accessible(page, what) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(found, [], what);
}

async function waitForState(page, state) {
  await page.waitForFunction((state) => document.querySelector("#state").dataset.state === state, {}, state);
}

async function shoot(page, name) {
  const folder = process.env.BESTOW_SCREENSHOTS;
  if (folder) await page.screenshot({ path: path.join(folder, `claim-${name}.png`), fullPage: true });
}

test("everybody reads their own language, and the code is that of the button", async () => {
  const url = pageOf(await offer());
  for (const [language, lang, button] of LANGUAGES) {
    for (const dark of [false, true]) {
      await visit(browser, url, { language, dark }, async (page, response) => {
        assert.equal(response.headers()["content-language"], lang);
        assert.equal(await page.$eval("html", (html) => html.lang), lang);
        assert.equal(await textOf(page, ".button"), button);
        assert.ok((await textOf(page, "h1")).includes(ORGANISATION));
        const uri = await page.$eval(".button", (link) => link.getAttribute("href"));
        assert.match(uri, /^openid-credential-offer:\/\/\?credential_offer/);
        assert.equal(await scan(await page.$(".qr")), uri);
        assert.equal(await page.evaluate(shifted), 0, "nothing jumps when the stream begins");
        const logo = await page.$eval(".card img", ({ alt, naturalWidth }) => ({ alt, naturalWidth }));
        assert.ok(logo.naturalWidth > 0 && logo.alt.includes(ORGANISATION), JSON.stringify(logo));
      });
    }
  }
});

test("nobody is kept out", async () => {
  const id = await offer();
  for (const [language] of LANGUAGES) {
    for (const dark of [false, true]) {
      const options = { language, dark, width: dark ? 390 : 1024 };
      await visit(browser, pageOf(id), options, (page) => accessible(page, `${language} ${dark}`));
      await visit(browser, pageOf("nothing"), options, async (page, response, complaints) => {
        assert.equal(response.status(), 404);
        await accessible(page, `${language} ${dark}`);
        // The browser writes of every page that is none.
        assert.equal(complaints.splice(0).filter((complaint) => !complaint.includes("404")).length, 0);
      });
    }
  }
});

test("every state can be read, and the last ones end the page", async () => {
  const id = await offer();
  const states = { waiting: false, scanned: false, claimed: true, expired: true, revoked: true, withdrawn: true };
  for (const [state, final] of Object.entries(states)) {
    await visit(browser, pageOf(id), { height: 500, stream: event(state) }, async (page) => {
      await waitForState(page, state);
      assert.equal(await page.$eval("#offer", (offer) => offer.checkVisibility()), !final, state);
      if (final) assert.equal(await page.title(), await textOf(page, "#state h2"));
      if (state === "claimed") await shoot(page, "claimed");
      await accessible(page, state);
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
      await accessible(page, `${state}, dark`);
    });
  }
});

test("the state changes while the page is open", async () => {
  const id = await offer();
  await visit(browser, pageOf(id), {}, async (page) => {
    await waitForState(page, "waiting");
    await page.evaluate(() => (window.unchanged = true));
    await page.focus(".button");
    await deleteOffer(id);
    await waitForState(page, "withdrawn");
    assert.equal(await textOf(page, "#state h2"), "This offer was withdrawn");
    assert.equal(await page.evaluate(() => window.unchanged), true, "not reloaded");
    assert.equal(await page.evaluate(() => document.activeElement.id), "state", "the focus is where the news are");
  });
});

test("the page sees a wallet scan what it shows, and claim it", async () => {
  const id = await offer();
  await visit(browser, pageOf(id), {}, async (page) => {
    await waitForState(page, "waiting");
    const uri = await page.$eval(".button", (link) => link.getAttribute("href"));
    assert.equal(await scan(await page.$(".qr")), uri);
    const { credential_offer_uri: reference } = Object.fromEntries(new URL(uri).searchParams);
    assert.equal((await fetch(reference)).status, 200);
    await waitForState(page, "scanned");
    const wallet = await Wallet.of({ draft: "1.0" });
    await wallet.claim(uri, "dc+sd-jwt");
    await waitForState(page, "claimed");
    assert.equal(await page.$eval("#offer", (offer) => offer.checkVisibility()), false);
  });
  await visit(browser, pageOf(id), {}, async (page, response, complaints) => {
    assert.equal(response.status(), 409);
    complaints.splice(0);
  });
});

test("a page that is no longer told anything says so", async () => {
  const id = await offer();
  const end = { body: "event: state\ndata: waiting\n\nevent: end\ndata: ended\n\n" };
  for (const stream of [end, { status: 404 }, { status: 429 }]) {
    await visit(browser, pageOf(id), { stream }, async (page, _, complaints) => {
      await waitForState(page, "ended");
      assert.ok(await page.$("#state a[href]"), "a link that loads it anew");
      assert.ok(await page.$eval("#offer", (offer) => offer.checkVisibility()));
      await accessible(page, JSON.stringify(stream));
      if (stream.status) complaints.splice(0);
    });
  }
});

test("every control is reached with the keyboard, and shows it", async () => {
  const url = pageOf(await offer());
  await visit(browser, url, {}, async (page) => {
    const wanted = await page.$$eval("a[href], summary, button, input", (all) => all.map((one) => one.textContent));
    assert.equal(wanted.length, 5, "the button, three forms, one explanation");
    const reached = [];
    for (let tabs = 0; tabs < wanted.length; tabs++) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
        return { text: document.activeElement.textContent, outline: `${outlineStyle} ${outlineWidth}` };
      });
      assert.equal(focused.outline, "solid 3px", focused.text);
      reached.push(focused.text);
    }
    assert.deepEqual(reached, wanted);
    await page.keyboard.press("Enter");
    assert.ok(await page.$eval("details", ({ open }) => open), "the last opens");
  });
});

test("the page fits every screen", async () => {
  const long = await newProfile("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauamt");
  const urls = [pageOf(await offer()), pageOf(await newOffer({ organisationProfileId: long }))];
  for (const [language] of LANGUAGES) {
    for (const url of urls) {
      await visit(browser, url, { language }, async (page) => {
        const uri = await page.$eval(".button", (link) => link.getAttribute("href"));
        for (const width of WIDTHS) {
          await page.setViewport({ width, height: 800, deviceScaleFactor: 2 });
          const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(scrolled <= width, `${language}: ${scrolled} > ${width}`);
          assert.equal(await scan(await page.$(".qr")), uri, `${language} ${width}`);
        }
      });
    }
  }
});

test("without JavaScript everything but the live state is there", async () => {
  const id = await offer();
  await visit(browser, pageOf(id), { script: false }, async (page) => {
    assert.match(await textOf(page, "main noscript"), /reload this page/);
    assert.equal(await page.$eval("#state p", (text) => text.checkVisibility()), false, "it will not show anything");
    for (const form of ["current", "older", "oldest"]) {
      await Promise.all([page.waitForNavigation(), page.click(`.forms a[href="?wallet=${form}"]`)]);
      assert.equal(new URL(page.url()).search, `?wallet=${form}`);
      assert.equal(await page.$eval(".forms [aria-current]", (link) => link.getAttribute("href")), `?wallet=${form}`);
      const uri = await page.$eval(".button", (link) => link.getAttribute("href"));
      assert.equal(await scan(await page.$(".qr")), uri);
    }
    await Promise.all([page.waitForNavigation(), page.click("main noscript a")]);
    assert.equal(new URL(page.url()).search, "?wallet=oldest", "the form stays");
    assert.equal(await stateOf(page), "waiting");
  });
});

test("nothing moves for those who want no motion, and paper shows the code alone", async () => {
  const url = pageOf(await offer());
  await visit(browser, url, {}, async (page) => {
    const moving = () =>
      page.$eval("#state h2", (heading) => getComputedStyle(heading, "::before").animationName !== "none");
    assert.equal(await moving(), true);
    await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
    assert.equal(await moving(), false);
    await page.emulateMediaType("print");
    const visible = (selector) => page.$eval(selector, (element) => element.checkVisibility());
    assert.deepEqual(await Promise.all([".qr", ".card", ".button", ".forms"].map(visible)), [true, true, false, false]);
  });
});

test("an offer that has expired", async () => {
  const id = await offer({ expirationDate: new Date(Date.now() + 2000).toISOString() });
  await sleep(2500);
  await visit(browser, pageOf(id), { width: 640, height: 400 }, async (page, response, complaints) => {
    assert.equal(response.status(), 410);
    assert.equal(await textOf(page, "h1"), "This offer has expired");
    await shoot(page, "expired");
    complaints.splice(0);
  });
});

async function shootOffers() {
  const id = await offer({ expirationDate: "2036-03-12T14:30:00Z" });
  const phone = { language: "de", dark: true, width: 390, height: 844 };
  await visit(browser, pageOf(id), { language: "en" }, async (page) => {
    await shoot(page, "en");
  });
  await visit(browser, pageOf(id), phone, async (page) => {
    await shoot(page, "de-dark");
  });
}

if (process.env.BESTOW_SCREENSHOTS) test("pictures for the documentation", shootOffers);
