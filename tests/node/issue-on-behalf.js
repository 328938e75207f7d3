// The Node.js example of the Issue on Behalf API ("Basic issue + poll" and "Retry with backoff"), word for word apart
// from BASE_URL and the exports: partners have this code in production, and it has to work against Bestow as it is.

require("dotenv").config();
const { getPartnerJwt } = require("./lib/jwt");

const BASE_URL = process.env.BASE_URL;

async function issueOnBehalf(userEmail, credentialSubject) {
  const token = await getPartnerJwt(userEmail);

  const res = await fetch(`${BASE_URL}/credentials/issue-on-behalf`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "x-partner-auth": token
    },
    body: JSON.stringify({
      issuerDid: process.env.ISSUER_DID,
      credentialId: process.env.CREDENTIAL_ID,
      credentialSubject,
      onDuplicate: "revoke"
    })
  });

  if (!res.ok) throw new Error(`Issue failed: ${res.status}`);
  return res.json();
}

async function getStatus(userEmail, coreClaimHash) {
  const token = await getPartnerJwt(userEmail);
  const res = await fetch(
    `${BASE_URL}/credentials/status?coreClaimHash=${encodeURIComponent(coreClaimHash)}`,
    { headers: { "x-partner-auth": token } }
  );
  if (!res.ok) throw new Error(`Status failed: ${res.status}`);
  return res.json();
}

async function issueOnBehalfWithRetry(userEmail, credentialSubject, maxRetries = 3) {
  for (let attempt = 1; attempt <= maxRetries; attempt++) {
    try {
      return await issueOnBehalf(userEmail, credentialSubject);
    } catch (error) {
      if (attempt === maxRetries) throw error;
      await new Promise((r) => setTimeout(r, Math.pow(2, attempt) * 1000));
    }
  }
}

module.exports = { issueOnBehalf, getStatus, issueOnBehalfWithRetry };
