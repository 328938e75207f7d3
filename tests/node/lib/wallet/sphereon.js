// A wallet made of npm @sphereon/oid4vci-client, which speaks the drafts 11 and 13.

const assert = require("node:assert/strict");
const { OpenID4VCIClient } = require("@sphereon/oid4vci-client");

const VERSIONS = { 11: 1011, 13: 1013 };

// Claims a jwt_vc_json credential with a key that proofs name by a DID, which this wallet uses as its client_id, too:
// what lib/wallet/claim.js checks, and the answer.
async function claim(uri, { draft, key, method, pin }) {
  const kid = key.kid(method);
  const client = await OpenID4VCIClient.fromURI({ uri, kid, alg: key.alg, resolveOfferUri: true });
  assert.equal(client.version(), VERSIONS[draft]);
  const { credentialIssuerMetadata: metadata } = await client.retrieveServerMetadata();
  const { id, types } = offeredType(client.credentialOffer.credential_offer, metadata);
  await client.acquireAccessToken({ pin });
  const answer = await client.acquireCredentials({
    credentialTypes: types,
    format: "jwt_vc_json",
    proofCallbacks: { signCallback: async ({ header, payload }) => key.sign(header, payload) },
  });
  const credentials = [answer.credential ?? answer.credentials[0].credential];
  const configuration = metadata.credential_configurations_supported[id];
  return { issuer: client.getIssuer(), format: "jwt_vc_json", configuration, keys: [key], credentials, answer, client };
}

// Of the offered configurations, the id and types of one of the format that this wallet takes, where each draft has them.
function offeredType({ credentials, credential_configuration_ids: ids = credentials }, metadata) {
  const all = credentials ? metadata.credentials_supported : configurations(metadata);
  const found = all.find(({ id, format }) => ids.includes(id) && format === "jwt_vc_json");
  assert.ok(found, `a jwt_vc_json among ${ids}`);
  return found;
}

const configurations = ({ credential_configurations_supported: all }) =>
  Object.entries(all).map(([id, { format, credential_definition: definition }]) => ({
    id,
    format,
    types: definition?.type,
  }));

module.exports = { claim };
