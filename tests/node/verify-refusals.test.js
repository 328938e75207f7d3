// What a verifier has to refuse, and of which nothing may be kept: presentations of npm @openid4vc/openid4vp, a wallet that
// we did not write, that are not as they should be. Among them are the negative tests of the OpenID Foundation's verifier
// plan.

const assert = require("node:assert/strict");
const { before, describe, test } = require("node:test");
const { WalletKey } = require("./lib/wallet/keys");
const { revoke } = require("./lib/wallet/offers");
const { broken, embellished, forged, parts, rebound, unsigned } = require("./lib/present/forge");
const { JwtVc, SdJwt, claim, now, payloadOf } = require("./lib/present/holding");
const { assertRefused } = require("./lib/present/outcome");
const { Verifier, query, untilRevoked } = require("./lib/present/verifier");
const { Presenter } = require("./lib/present/wallet");

const YEAR = 31_536_000;
const ASKED = ["fullName", "level"];
const ALL_ASKED = { fullName: true, level: true };

const verifier = Verifier.main();
let card, w3c;
before(async () => {
  [card, w3c] = [await claim(SdJwt.format), await claim(JwtVc.format)];
});

// A new request for a holding is answered with a presentation that `present(holding, asked)` makes; why it is refused.
async function refuses(holding, present, { dcqlQuery = query(holding, ASKED), ...more } = {}) {
  const made = await verifier.ask(dcqlQuery, more);
  const wallet = await Presenter.of([]);
  const request = await wallet.read(made.authRequestURI);
  const asked = { ...wallet.asked(request), claims: ALL_ASKED };
  const answer = await wallet.send(request, { card: [await present(holding, asked)] });
  const why = await assertRefused(verifier, made, answer);
  const kept = JSON.stringify(await verifier.result(made));
  assert.ok(!kept.includes(holding.key.dids["did:jwk"]), `nothing of the holder in ${kept}`);
  return why;
}

const rebind = (changes) => async (held, asked) => rebound(await held.present(asked), { key: held.key, ...changes });

// What is wrong, how the refusal names it, and how it is made.
const SD_JWT = [
  ["the credential's signature", /signature/, (held, asked) => forged(held).present(asked)],
  [
    "the key binding's signature",
    /Key Binding JWT.* signature/,
    async (held, asked) => {
      const [shown, binding] = parts(await held.present(asked));
      return shown + unsigned(binding);
    },
  ],
  [
    "sd_hash",
    /other disclosures/,
    async (held, asked) => {
      const presentation = await held.present(asked);
      const { sd_hash: hash } = payloadOf(parts(presentation)[1]);
      return rebound(presentation, { key: held.key, sd_hash: broken(hash) });
    },
  ],
  ["nonce", /nonce/, (held, asked) => held.present({ ...asked, nonce: "another" })],
  ["aud", /aud/, (held, asked) => held.present({ ...asked, audience: "https://another.example" })],
  [
    "aud without its prefix",
    /aud/,
    (held, asked) => held.present({ ...asked, audience: asked.audience.replace("decentralized_identifier:", "") }),
  ],
  ["a year old", /too old/, (held, asked) => held.present({ ...asked, more: { iat: now() - YEAR } })],
  ["of next year", /ahead/, (held, asked) => held.present({ ...asked, more: { iat: now() + YEAR } })],
];

const MORE_SD_JWT = [
  ["older than five minutes", /too old/, (held, asked) => held.present({ ...asked, more: { iat: now() - 330 } })],
  ["two minutes ahead", /ahead/, (held, asked) => held.present({ ...asked, more: { iat: now() + 120 } })],
  ["no time", /iat/, rebind({ iat: undefined })],
  ["no nonce", /nonce/, rebind({ nonce: undefined })],
  ["no aud", /aud/, rebind({ aud: undefined })],
  ["no sd_hash", /sd_hash/, rebind({ sd_hash: undefined })],
  ["another typ", /typ/, rebind({ header: { typ: "JWT" } })],
  ["another key", /holder's key/, (held, asked) => rebind({ key: new WalletKey() })(held, asked)],
  [
    "another key that it brings along",
    /holder's key/,
    (held, asked) => {
      const key = new WalletKey();
      return rebind({ key, header: { jwk: key.jwk } })(held, asked);
    },
  ],
  ["no key binding", /proof of possession/, async (held, asked) => parts(await held.present(asked))[0]],
  [
    "a disclosure taken away after the binding",
    /other disclosures/,
    async (held, asked) => {
      const [shown, binding] = parts(await held.present(asked));
      return [...shown.split("~").slice(0, -2), binding].join("~");
    },
  ],
  [
    "a disclosure added after the binding",
    /other disclosures/,
    async (held, asked) => {
      const [, binding] = parts(await held.present({ ...asked, claims: { level: true } }));
      return parts(await held.present(asked))[0] + binding;
    },
  ],
  ["a disclosure that the issuer did not make", /digest/, (held, asked) => embellished(held, asked, "level", 99)],
  ["no required claim", /fullName/, (held, asked) => held.present({ ...asked, claims: { level: true } })],
  ["no claim at all", /fullName/, (held, asked) => held.present({ ...asked, claims: {} })],
  ["a JWT credential instead", /format/, (_, asked) => w3c.present(asked)],
  ["no presentation", /neither a JWT nor an SD-JWT/, () => "nothing"],
];

describe("SD-JWT VC", () => {
  for (const responseMode of ["direct_post", "direct_post.jwt"]) {
    describe(responseMode, () => {
      for (const [what, why, present] of SD_JWT) {
        test(what, async () => assert.match(await refuses(card, present, { responseMode }), why));
      }
    });
  }

  for (const [what, why, present] of MORE_SD_JWT) {
    test(what, async () => assert.match(await refuses(card, present), why));
  }

  const asIs = (held, asked) => held.present(asked);

  test("another type", async () => {
    const dcqlQuery = query({ ...card, configuration: { vct: "https://example.com/another" } }, ASKED);
    assert.match(await refuses(card, asIs, { dcqlQuery }), /type/);
  });

  test("a value that is not the wanted one", async () => {
    const dcqlQuery = query(card, ASKED);
    dcqlQuery.credentials[0].claims[0].values = ["Somebody Else"];
    assert.match(await refuses(card, asIs, { dcqlQuery }), /value/);
  });

  for (const [what, more] of [
    ["not", {}],
    ["otherwise", { transaction_data_hashes: [`${"_".repeat(42)}8`], transaction_data_hashes_alg: "sha-256" }],
  ]) {
    test(`transaction data that the person has ${what} confirmed`, async () => {
      const transactionData = [{ type: "payment", credential_ids: ["card"], amount: "12.50" }];
      const present = (held, asked) => held.present({ ...asked, more });
      assert.match(await refuses(card, present, { request: { transactionData } }), /transaction/i);
    });
  }
});

const JWT_VC = [
  ["the credential's signature", /signature/, (held, asked) => forged(held).present(asked)],
  ["the presentation's signature", /signature/, async (held, asked) => unsigned(await held.present(asked))],
  ["nonce", /nonce/, (held, asked) => held.present({ ...asked, nonce: "another" })],
  ["aud", /aud/, (held, asked) => held.present({ ...asked, audience: "https://another.example" })],
  ["a year old", /too old/, (held, asked) => held.present({ ...asked, more: { iat: now() - YEAR } })],
  ["of next year", /ahead/, (held, asked) => held.present({ ...asked, more: { iat: now() + YEAR } })],
  ["expired", /too old|expired/, (held, asked) => held.present({ ...asked, more: { exp: now() - 600 } })],
  [
    "another holder",
    /somebody else/,
    (held, asked) => {
      const thief = new WalletKey();
      const stolen = new JwtVc(held.credential, thief);
      stolen.payload = { ...stolen.payload, sub: thief.dids["did:jwk"] };
      return stolen.present(asked);
    },
  ],
  [
    "signed by another key than the holder's",
    /holder's key/,
    (held, asked) => new JwtVc(held.credential, new WalletKey()).present(asked),
  ],
  ["no presentation around it", /proof of possession/, (held) => held.credential],
  ["an SD-JWT instead", /format/, (_, asked) => card.present(asked)],
];

describe("jwt_vc_json", () => {
  for (const [what, why, present] of JWT_VC) {
    test(what, async () => assert.match(await refuses(w3c, present), why));
  }
});

for (const format of [SdJwt.format, JwtVc.format]) {
  test(`${format}: a revoked credential`, async () => {
    const revoked = await claim(format);
    await revoke(revoked.offer.id);
    await untilRevoked(revoked);
    assert.match(await refuses(revoked, (held, asked) => held.present(asked)), /revoked/);
  });
}
