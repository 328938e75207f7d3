// For suites of claims, each of which mostly waits until its revocation shows.
const AT_ONCE = { concurrency: 8 };

module.exports = { AT_ONCE };
