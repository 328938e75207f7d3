// The JSON schemas of the OpenID Foundation's conformance suite, as the suite uses them: a member that a schema does not
// know is a warning, everything else a failure.

const { readFileSync } = require("node:fs");
const path = require("node:path");
const addFormats = require("ajv-formats");
const Ajv = require("ajv/dist/2020");

const VECTORS = path.join(__dirname, "../../vectors");
const SCHEMAS = {
  authorizationServer: "rfc8414/oauth_authorization_server_metadata.json",
  issuer: "oid4vci/credential_issuer_metadata-1_0.json",
  offer: "oid4vci/credential_offer-1_0.json",
  typeMetadata: "sdjwtvc/type_metadata.json",
};
const UNKNOWN_MEMBER = ["additionalProperties", "unevaluatedProperties"];

const ajv = new Ajv({ allErrors: true, strict: false });
addFormats(ajv);

const vector = (...names) => JSON.parse(readFileSync(path.join(VECTORS, ...names), "utf8"));

// What a document violates: `failures`, and the names of the members `unknown` to the schema.
function judge(schema, document) {
  if (!ajv.getSchema(schema)) ajv.addSchema(vector("oidf-schemas", SCHEMAS[schema]), schema);
  const validate = ajv.getSchema(schema);
  validate(document);
  const errors = validate.errors ?? [];
  const [unknown, failures] = [true, false].map((is) =>
    errors.filter(({ keyword }) => UNKNOWN_MEMBER.includes(keyword) === is),
  );
  const member = ({ instancePath, params }) =>
    `${instancePath}/${params.additionalProperty ?? params.unevaluatedProperty}`;
  return {
    failures: failures.map(({ instancePath, message }) => `${instancePath || "/"} ${message}`),
    unknown: [...new Set(unknown.map(member))].sort(),
  };
}

module.exports = { judge, vector };
