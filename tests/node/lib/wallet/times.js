const assert = require("node:assert/strict");

const DAY = 86_400;

// Times that are present are whole minutes at least, so that copies of one moment cannot be linked by it (RFC 9901,
// section 10.1); they begin now or less than a day ago, and end later.
function assertRounded({ iat, nbf, exp }) {
  const now = Date.now() / 1000;
  for (const start of [iat, nbf].filter((each) => each !== undefined)) {
    assert.equal(start % 60, 0, `${start} is rounded`);
    assert.ok(start <= now + 5 && start > now - DAY - 60, `${start} is today`);
  }
  if (exp !== undefined) assert.ok(exp > now, `${exp} is later`);
}

module.exports = { assertRounded };
