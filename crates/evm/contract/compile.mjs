// Compiles CheckpointRegistry.sol with the `solc` of tests/node, and prints what CheckpointRegistry.json has to hold.
//
//   BESTOW_NODE_DIR=tests/node node crates/evm/contract/compile.mjs >crates/evm/contract/CheckpointRegistry.json

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const NAME = "CheckpointRegistry";
// No hash of the sources, and so of the comments, in the bytecode. London is the first version with the transactions that
// we send (EIP-1559): a chain that takes these runs this code, whatever of the later instructions it lacks.
const SETTINGS = {
  evmVersion: "london",
  metadata: { appendCBOR: false, bytecodeHash: "none" },
  optimizer: { enabled: true, runs: 200 },
};

/// The artefact as an object: contract, compiler, settings, abi, bytecode, deployedBytecode.
export function compile(source, solc) {
  const outputSelection = { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } };
  const input = {
    language: "Solidity",
    sources: { [`${NAME}.sol`]: { content: source } },
    settings: { ...SETTINGS, outputSelection },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  if (output.errors?.length) throw new Error(output.errors.map((error) => error.formattedMessage).join("\n"));
  const { abi, evm } = output.contracts[`${NAME}.sol`][NAME];
  return {
    contract: NAME,
    compiler: solc.version(),
    settings: SETTINGS,
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
  };
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const require = createRequire(`${resolve(process.env.BESTOW_NODE_DIR ?? "tests/node")}/`);
  const source = readFileSync(new URL(`${NAME}.sol`, import.meta.url), "utf8");
  process.stdout.write(`${JSON.stringify(compile(source, require("solc")), null, 2)}\n`);
}
