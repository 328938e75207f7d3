// Checks credentials, and asks wallets for them, on the verifier's pages in Chromium, against the server that
// BESTOW_ENV_FILE (the dev.env of `bestow dev`) describes. Writes docs/images anew if BESTOW_SCREENSHOTS names a folder.

const assert = require("node:assert/strict");
const path = require("node:path");
const { after, before, test } = require("node:test");
const { PNG } = require("pngjs");
const { launch, scan, textOf, visit } = require("./lib/claim-page");
const { forged } = require("./lib/present/forge");
const { claim } = require("./lib/present/holding");
const { Stranger } = require("./lib/present/stranger");
const { Verifier, query, untilRevoked } = require("./lib/present/verifier");
const { Presenter } = require("./lib/present/wallet");
const { postForm } = require("./lib/wallet/http");
const { SUBJECT, revoke } = require("./lib/wallet/offers");
const { FORM, accessible, ask, checksOf, choose, claimsOf, codeOf } = require("./lib/verify-page");
const { fits, follow, paste, reachable, verdictOf } = require("./lib/verify-page");

// Accept-Language, the page's language, its heading, and what it says of a credential that is valid.
const LANGUAGES = [
  ["en-GB,en;q=0.9", "en", "Check a credential", "Valid"],
  ["de", "de", "Nachweis prüfen", "Gültig"],
  ["fr-CH, fr;q=0.9, en;q=0.8", "fr", "Vérifier une attestation", "Valable"],
  ["es-MX", "es", "Comprobar una credencial", "Válida"],
  ["zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans", "核验凭证", "有效"],
];

const verifier = Verifier.main();
let browser;
let card;
before(async () => {
  [browser, card] = await Promise.all([launch(), claim()]);
});
after(() => browser?.close());

// A template by which anybody may ask for a claim of the card.
const template = (more = {}) =>
  verifier.define(query(card, ["fullName"]), { name: "Name of a member", purpose: "To greet you", public: true, ...more });

// A wallet that has the card, and has read the request on the page.
async function walletAt(page) {
  const wallet = await Presenter.of([card]);
  return { wallet, request: await wallet.read(await page.$eval("a.button", (link) => link.getAttribute("href"))) };
}

const answer = async ({ wallet, request }) => wallet.send(request, await wallet.make(request));

const waitForState = (page, state) =>
  page.waitForFunction((state) => document.querySelector("#state")?.dataset.state === state, {}, state);

async function shoot(page, name) {
  const folder = process.env.BESTOW_SCREENSHOTS;
  if (folder) await page.screenshot({ path: path.join(folder, `verify-${name}.png`), fullPage: true });
}

test("everybody reads their own language", async () => {
  for (const [language, lang, heading, valid] of LANGUAGES) {
    await visit(browser, FORM, { language }, async (page, response) => {
      assert.equal(response.headers()["content-language"], lang);
      assert.equal(await page.$eval("html", (html) => html.lang), lang);
      assert.equal(await textOf(page, "h1"), heading);
    });
    await paste(browser, card.credential, { language }, async (page) => {
      assert.equal(await verdictOf(page), valid);
      assert.equal(await page.title(), `${valid} – ${heading}`);
      const reason = await page.$eval(".checks .reason", (reason) => reason.closest("[lang]").lang);
      assert.equal(reason, "en", "reasons are marked as what they are");
    });
  }
});

test("a credential that we issued is valid, and no longer once it is revoked", async () => {
  const holding = await claim();
  await paste(browser, holding.credential, {}, async (page) => {
    assert.equal(await verdictOf(page), "Valid");
    assert.equal(await textOf(page, ".card .state"), "Valid");
    const { fullName, level, active, born } = await claimsOf(page);
    assert.deepEqual([level, active, born], ["12.5", "yes", "1990-02-28"]);
    const words = (text) => text.split(/\s+/).filter(Boolean);
    assert.deepEqual(words(fullName), words(SUBJECT.fullName), "markup in a name is text");
    const { "Transparency log": log, ...checks } = await checksOf(page);
    assert.ok(["good", "nothing"].includes(log), "the log takes a moment");
    assert.equal(checks["Revocation and suspension"], "good");
    assert.ok(Object.values(checks).every((mark) => ["good", "nothing"].includes(mark)), JSON.stringify(checks));
    await follow(page, ".next a");
    assert.equal(page.url(), FORM);
  });
  await revoke(holding.offer.id);
  await untilRevoked(holding);
  await paste(browser, holding.credential, {}, async (page) => {
    assert.equal(await verdictOf(page), "Revoked");
    assert.equal((await checksOf(page))["Revocation and suspension"], "bad");
  });
});

test("a text is read however it was copied", async () => {
  const lines = ` \n${card.credential.replace(/.{76}/g, "$&\r\n")}\n`;
  await paste(browser, lines, {}, async (page) => assert.equal(await verdictOf(page), "Valid"));
});

test("W3C credentials are checked, too", async () => {
  const { credential } = await claim("jwt_vc_json");
  await paste(browser, credential, {}, async (page) => {
    assert.equal(await verdictOf(page), "Valid");
    assert.equal((await claimsOf(page)).level, "12.5");
  });
});

test("what was changed is not valid, and not shown", async () => {
  await paste(browser, forged(card).credential, {}, async (page) => {
    assert.equal(await verdictOf(page), "Not valid");
    assert.equal((await checksOf(page)).Signature, "bad");
    assert.deepEqual(await claimsOf(page), {});
    assert.equal(await page.$(".card"), null);
    assert.match(await textOf(page, "main"), /Issuer, by its own word/);
    await accessible(page, "invalid");
  });
});

test("what cannot be read stays in its field", async () => {
  const text = `${card.credential.slice(0, 120)} </textarea><script>alert(1)</script>`;
  await paste(browser, text, { status: 422 }, async (page) => {
    assert.equal(await page.title(), "This cannot be read – Check a credential");
    assert.match(await textOf(page, "[role=alert]"), /neither a JWT nor an SD-JWT/);
    const field = await page.$eval("#text", ({ value, ariaInvalid, ariaDescribedByElements: [by] }) => {
      return { value, ariaInvalid, by: by?.id };
    });
    assert.deepEqual(field, { value: text, ariaInvalid: "true", by: "problem" });
    await accessible(page, "unreadable");
    await fits(page, "unreadable");
  });
  await paste(browser, "x".repeat(1_100_000), { status: 413 }, async (page) => {
    assert.match(await textOf(page, "[role=alert]"), /too long/);
  });
  await paste(browser, "https://issuer.example/claim/1", { status: 422 }, async (page) => {
    assert.match(await textOf(page, "[role=alert]"), /This is a link/);
  });
});

test("a QR code is read from a picture", async () => {
  await choose(browser, await codeOf(card.credential), {}, async (page) => assert.equal(await verdictOf(page), "Valid"));
  await choose(browser, await codeOf("openid4vp://?client_id=x"), { status: 422 }, async (page) => {
    assert.match(await textOf(page, "[role=alert]"), /This is a link/);
    assert.equal(await page.$eval("#text", (field) => field.value), "openid4vp://?client_id=x");
  });
  const blank = PNG.sync.write(new PNG({ width: 300, height: 200 }));
  for (const [file, status, expected] of [
    [blank, 422, /No QR code was found/],
    [Buffer.from("<svg/>"), 422, /cannot be read as a picture/],
    [blank.subarray(0, 60), 422, /cannot be read as a picture/],
    [Buffer.alloc(7_000_000, 1), 413, /too large/],
    [Buffer.alloc(0), 422, /nothing to check/],
  ]) {
    await choose(browser, file, { status }, async (page) => {
      assert.match(await textOf(page, "[role=alert]"), expected);
      await accessible(page, String(expected));
    });
  }
});

test("a phone is offered its camera", async () => {
  await visit(browser, FORM, {}, async (page) => {
    const offered = () => page.$eval("#photo", (input) => input.checkVisibility() && input.getAttribute("capture"));
    assert.equal(await offered(), false);
    await page.setViewport({ width: 390, height: 844, isMobile: true, hasTouch: true });
    assert.equal(await offered(), "environment");
    await accessible(page, "phone");
  });
});

test("an issuer that is not trusted is named", async () => {
  const stranger = await Stranger.start({ statuses: [0, 1] });
  try {
    const good = await stranger.issue({ claims: { member: true }, index: 0 });
    await paste(browser, good.credential, {}, async (page) => {
      assert.equal(await verdictOf(page), "Unknown issuer");
      assert.equal((await checksOf(page))["Trust in the issuer"], "bad");
      assert.equal(await textOf(page, ".card .issuer"), new URL(stranger.origin).host);
      assert.deepEqual(await claimsOf(page), { member: "yes" });
      await accessible(page, "unknown issuer");
      await fits(page, "unknown issuer");
    });
    const revoked = await stranger.issue({ claims: { member: true }, index: 1 });
    await paste(browser, revoked.credential, {}, async (page) => assert.equal(await verdictOf(page), "Revoked"));
  } finally {
    await stranger.stop();
  }
});

test("the page of a request follows a wallet, and shows what it has shown", async () => {
  const definition = await template();
  await visit(browser, FORM, {}, async (page) => {
    await ask(page, definition);
    assert.match(await textOf(page, "h1"), / asks you to show something$/);
    assert.equal(await textOf(page, ".lead h2"), "Name of a member");
    assert.equal(await textOf(page, ".lead p"), "Purpose: To greet you");
    await waitForState(page, "created");
    const uri = await page.$eval("a.button", (link) => link.getAttribute("href"));
    assert.match(uri, /^openid4vp:\/\/\?/);
    assert.equal(await scan(await page.$(".qr")), uri);
    const { wallet, request } = await walletAt(page);
    await waitForState(page, "sent");
    assert.equal((await answer({ wallet, request })).status, 200);
    await page.waitForSelector(".banner");
    assert.equal(await verdictOf(page), "Shown and verified");
    assert.deepEqual(Object.keys(await claimsOf(page)), ["fullName"], "nothing else was asked for");
    assert.equal((await checksOf(page))["Shown by its holder"], "good");
    await accessible(page, "verified");
    await fits(page, "verified");
    await follow(page, ".next button");
    await waitForState(page, "created");
  });
});

test("a question is answered with yes or no, and nothing else", async () => {
  for (const [value, expected] of [
    [12, "Yes"],
    [13, "No"],
  ]) {
    const conditions = [{ credential: "card", path: ["level"], operator: "greaterOrEqual", value }];
    const more = { name: "Level", public: true, conditions };
    const definition = await verifier.define(query(card, ["level"]), more);
    await visit(browser, FORM, {}, async (page) => {
      await ask(page, definition);
      assert.equal((await answer(await walletAt(page))).status, 200);
      await page.waitForSelector(".banner");
      assert.equal(await verdictOf(page), expected);
      assert.deepEqual(await claimsOf(page), {});
      assert.ok(!(await textOf(page, "main")).includes("12.5"), "the value is nowhere");
      await accessible(page, expected);
    });
  }
});

test("who declines, or comes too late, can be asked again", async () => {
  const definition = await template({ requestSeconds: 30 });
  await visit(browser, FORM, {}, async (page) => {
    await ask(page, definition);
    const { request } = await walletAt(page);
    const { response_uri: uri, state } = request.authorizationRequestPayload;
    await postForm(uri, { error: "access_denied", error_description: "not today", state });
    await page.waitForSelector(".banner");
    assert.equal(await verdictOf(page), "Declined");
    await accessible(page, "declined");
    await follow(page, ".next button");
    await waitForState(page, "created");
    await page.waitForSelector(".banner", { timeout: 60_000 });
    assert.equal(await verdictOf(page), "This request has expired");
    assert.ok(await page.$(".next button"));
    await accessible(page, "expired");
  });
});

test("what a wallet has shown to a tenant is not on the page", async () => {
  const made = await verifier.ask(query(card, ["fullName"]), { name: "For the tenant" });
  await visit(browser, made.pageURI, {}, async (page) => {
    assert.equal((await answer(await walletAt(page))).status, 200);
    await page.waitForSelector(".banner");
    assert.equal(await verdictOf(page), "Shown and verified");
    assert.deepEqual(await claimsOf(page), {});
    assert.ok(!(await page.content()).includes("Ω"));
    assert.equal(await page.$("form"), null, "nobody else asks in the tenant's name");
  });
  const { credentials } = await verifier.result(made);
  assert.deepEqual(credentials[0].claims, [{ path: ["fullName"], value: SUBJECT.fullName }]);
});

test("nobody is kept out", async () => {
  const definition = await template();
  for (const [language] of LANGUAGES) {
    await visit(browser, FORM, { language }, async (page) => {
      await accessible(page, `form, ${language}`);
      await fits(page, `form, ${language}`);
      await reachable(page, `form, ${language}`);
      await ask(page, definition);
      await accessible(page, `request, ${language}`);
      await fits(page, `request, ${language}`);
      await reachable(page, `request, ${language}`);
    });
    await paste(browser, card.credential, { language }, async (page) => {
      await accessible(page, `result, ${language}`);
      await fits(page, `result, ${language}`);
      await reachable(page, `result, ${language}`);
    });
    await visit(browser, `${FORM.replace(/verify$/, "present")}/nothing`, { language }, async (page, response, complaints) => {
      assert.equal(response.status(), 404);
      await accessible(page, `nothing, ${language}`);
      complaints.splice(0);
    });
  }
});

test("without JavaScript everything but the live state is there", async () => {
  const definition = await template();
  await visit(browser, FORM, { script: false }, async (page, _, complaints) => {
    await page.type("#text", "no credential");
    assert.equal((await follow(page, "[aria-labelledby=paste] button")).status(), 422);
    assert.equal(await page.$eval("#text", (field) => field.value), "no credential");
    assert.equal(complaints.splice(0).length, 1, "of the status");
    await page.goto(FORM);
    await ask(page, definition);
    assert.match(await textOf(page, "main noscript"), /reload this page/);
    assert.equal(await page.$eval("#state p", (text) => text.checkVisibility()), false, "it will not show anything");
    const { wallet, request } = await walletAt(page);
    await follow(page, "main noscript a");
    assert.equal(await page.$eval("#state", (region) => region.dataset.state), "sent");
    assert.equal((await answer({ wallet, request })).status, 200);
    await follow(page, "main noscript a");
    assert.equal(await verdictOf(page), "Shown and verified");
  });
});

test("nothing moves for those who want no motion", async () => {
  const definition = await template();
  await visit(browser, FORM, {}, async (page) => {
    await ask(page, definition);
    const moving = () =>
      page.$eval("#state h2", (heading) => getComputedStyle(heading, "::before").animationName !== "none");
    assert.equal(await moving(), true);
    await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
    assert.equal(await moving(), false);
  });
});

async function shootPages() {
  const definition = await template();
  await visit(browser, FORM, { language: "en" }, async (page) => {
    await shoot(page, "form");
    await ask(page, definition);
    await shoot(page, "present");
  });
  const claims = [
    { dataType: "string", claimName: "fullName", claimValue: "Zoë Weiß" },
    { dataType: "number", claimName: "level", claimValue: "3" },
    { dataType: "boolean", claimName: "active", claimValue: "true" },
    { dataType: "date", claimName: "born", claimValue: "1990-02-28" },
  ];
  const holding = await claim("dc+sd-jwt", { more: { claims } });
  await paste(browser, holding.credential, { language: "en", width: 720 }, (page) => shoot(page, "valid"));
  await revoke(holding.offer.id);
  await untilRevoked(holding);
  const phone = { language: "de", dark: true, width: 390, height: 844 };
  await paste(browser, holding.credential, phone, (page) => shoot(page, "revoked"));
}

if (process.env.BESTOW_SCREENSHOTS) test("pictures for the documentation", shootPages);
