// What wallets of older drafts see of an issuer's metadata: the members that their draft knows. A client that speaks
// several drafts takes the newest that it finds in the metadata, so this makes it speak an older one.

// The older form of a configuration had display and claims beside the format.
const flat = ({ credential_metadata: metadata, ...configuration }) => ({
  ...configuration,
  ...(metadata?.display && { display: metadata.display }),
});

const mapValues = (object, change) => Object.fromEntries(Object.entries(object).map(([k, v]) => [k, change(v)]));

const filterValues = (object, condition) => Object.fromEntries(Object.entries(object).filter(([, v]) => condition(v)));

const VIEWS = {
  "1.0": (metadata) => metadata,

  // No `credential_metadata` yet.
  15: ({ credentials_supported: _, credential_configurations_supported: configurations, ...metadata }) => ({
    ...metadata,
    credential_configurations_supported: mapValues(configurations, flat),
  }),

  // No `dc+sd-jwt` yet: a wallet passes over formats that it does not know.
  14: ({ credentials_supported: _, credential_configurations_supported: configurations, ...metadata }) => ({
    ...metadata,
    credential_configurations_supported: mapValues(
      filterValues(configurations, ({ format }) => format === "jwt_vc_json"),
      ({ claims: _, ...configuration }) => flat(configuration),
    ),
  }),

  // Neither configurations nor a nonce endpoint yet.
  11: ({ credential_configurations_supported: _, nonce_endpoint: __, ...metadata }) => metadata,
};

// fetch, as a wallet of a draft uses it.
const fetchOf = (draft) => async (url, options) => {
  const response = await fetch(url, options);
  if (!response.ok || !String(url).includes("/.well-known/openid-credential-issuer")) return response;
  const seen = VIEWS[draft](await response.json());
  return new Response(JSON.stringify(seen), { headers: { "Content-Type": "application/json" } });
};

module.exports = { fetchOf };
