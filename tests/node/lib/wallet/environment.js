// What the server under test says about itself in BESTOW_ENV_FILE, the dev.env of `bestow dev`.

const dotenv = require("dotenv");

const { error } = dotenv.config({ path: process.env.BESTOW_ENV_FILE });
if (error) throw error;

// A variable of the file; it is an error if it has none of that name.
function variable(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not in ${process.env.BESTOW_ENV_FILE}`);
  return value;
}

// Getters, so that a test needs only the variables that it uses.
module.exports = {
  get adminKey() { return variable("BESTOW_ADMIN_KEY"); },
  get correlationId() { return variable("BESTOW_CORRELATION_ID"); },
  get mailDir() { return variable("BESTOW_MAIL_DIR"); },
  get offersUrl() { return variable("BESTOW_OFFERS_URL"); },
  get url() { return variable("BESTOW_URL"); },

  // The issuer's identifier, which has a path.
  get issuer() { return `${this.url}/issuers/${this.correlationId}`; },

  // Programs.
  get plain() { return variable("BESTOW_CREDENTIAL_ID"); },
  get withTxCode() { return variable("BESTOW_TX_CODE_CREDENTIAL_ID"); },
  get withDpop() { return variable("BESTOW_DPOP_CREDENTIAL_ID"); },
  get deferred() { return variable("BESTOW_DEFERRED_CREDENTIAL_ID"); },
};
