// That the contract in crates/evm is what its source compiles to, and that the transactions with which crates/evm is tested
// are what ethers makes.

const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { test } = require("node:test");
const ethers = require("ethers");
const solc = require("solc");

const EVM = join(__dirname, "../../crates/evm");
const read = (path) => readFileSync(join(EVM, path), "utf8");

test("the committed contract is what its source compiles to, byte for byte", async () => {
  const { compile } = await import(join(EVM, "contract/compile.mjs"));
  const compiled = compile(read("contract/CheckpointRegistry.sol"), solc);
  assert.equal(`${JSON.stringify(compiled, null, 2)}\n`, read("contract/CheckpointRegistry.json"));
});

test("the committed transactions are what ethers signs, byte for byte", async () => {
  const { vectors } = await import(join(EVM, "tests/vectors/make.mjs"));
  assert.equal(`${JSON.stringify(vectors(ethers), null, 2)}\n`, read("tests/vectors/transactions.json"));
});
