// Partner JWTs, signed as the API's documentation shows: with the kid and typ in the header, good for five minutes.

const { readFile } = require("node:fs/promises");
const jwt = require("jsonwebtoken");

async function getPartnerJwt(email) {
  const privateKey = await readFile(process.env.BESTOW_PARTNER_KEY, "utf8");
  const payload = { partnerId: process.env.BESTOW_PARTNER_ID, email, scope: "issue" };
  return jwt.sign(payload, privateKey, {
    algorithm: "RS256",
    expiresIn: "5m",
    header: { kid: process.env.BESTOW_PARTNER_KID, typ: "JWT" },
  });
}

module.exports = { getPartnerJwt };
