// Makes transactions.json with ethers: signed EIP-1559 transactions, and what the calls of the contract look like.
//
//   BESTOW_NODE_DIR=tests/node node crates/evm/tests/vectors/make.mjs >crates/evm/tests/vectors/transactions.json

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const U64 = (1n << 64n) - 1n;
const U128 = (1n << 128n) - 1n;
const KEYS = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x0000000000000000000000000000000000000000000000000000000000000001",
  "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140",
];
const TO = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

// RLP has a form of its own for 0, for bytes below 0x80, for texts of up to 55 bytes, and for lengths of 1, 2 and 3 bytes.
function* cases() {
  const input = (length) => `0x${"a5".repeat(length)}`;
  for (const byte of ["0x", "0x00", "0x01", "0x7f", "0x80", "0xff"]) yield { data: byte };
  for (const length of [54, 55, 56, 57, 255, 256, 257, 65535, 65536]) yield { data: input(length) };
  for (const nonce of [0, 1, 127, 128, 255, 256, 2 ** 32]) yield { nonce };
  for (const chainId of [1n, 127n, 128n, 31337n, 222888n, U64]) yield { chainId };
  for (const fee of [0n, 1n, 127n, 128n, 1n << 64n, U128]) yield { maxFeePerGas: fee, maxPriorityFeePerGas: fee };
  for (const gasLimit of [0n, 21000n, U64]) yield { gasLimit };
  yield { to: null, data: input(100) };
  // Enough nonces that r or s begins with a zero byte in some, and is shorter for it.
  for (let nonce = 1000; nonce < 1300; nonce++) yield { nonce };
}

// s or r with a leading zero byte, or neither.
const short = ({ r, s }) => r.startsWith("0x00") || s.startsWith("0x00");

function transactions({ Transaction, Wallet }) {
  const plain = {
    type: 2,
    chainId: 31337n,
    nonce: 7,
    maxFeePerGas: 2_000_000_000n,
    maxPriorityFeePerGas: 1_500_000_000n,
    gasLimit: 100_000n,
    to: TO,
    data: "0x",
  };
  const made = [];
  for (const [index, changes] of [...cases()].entries()) {
    const key = KEYS[index % KEYS.length];
    const fields = { ...plain, ...changes };
    const transaction = Transaction.from(fields);
    transaction.signature = new Wallet(key).signingKey.sign(transaction.unsignedHash);
    if (fields.nonce >= 1000 && fields.nonce < 1300 && !short(transaction.signature)) continue;
    made.push({
      key,
      chain_id: String(fields.chainId),
      nonce: String(fields.nonce),
      max_fee_per_gas: String(fields.maxFeePerGas),
      max_priority_fee_per_gas: String(fields.maxPriorityFeePerGas),
      gas_limit: String(fields.gasLimit),
      to: fields.to,
      // Long ones are all of the byte a5.
      input: fields.data.length > 2000 ? null : fields.data,
      input_length: (fields.data.length - 2) / 2,
      sender: transaction.from,
      hash: transaction.hash,
      // A long one is compared by its hash alone, which is of the same bytes.
      raw: fields.data.length > 2000 ? null : transaction.serialized,
    });
  }
  return made;
}

function calls({ Interface, ZeroAddress, id }) {
  const { abi } = JSON.parse(readFileSync(new URL("../../contract/CheckpointRegistry.json", import.meta.url), "utf8"));
  const contract = new Interface(abi);
  const origins = ["log.example/1", "", "bestow.example/日志"];
  const sizes = [0n, 1n, 255n, 256n, U64];
  const made = [];
  for (const origin of origins) {
    for (const size of sizes) {
      const [topicHash, root] = [id(origin), id(`root ${size}`)];
      const event = contract.encodeEventLog("Anchored", [topicHash, TO, size, root]);
      made.push({
        origin,
        origin_id: topicHash,
        size: String(size),
        root,
        publisher: TO,
        anchor: contract.encodeFunctionData("anchor", [topicHash, size, root]),
        latest: contract.encodeFunctionData("latest", [topicHash, size === 0n ? ZeroAddress : TO]),
        topics: event.topics,
        data: event.data,
        not_growing: contract.encodeErrorResult("NotGrowing", [U64 - size, size]),
      });
    }
  }
  return made;
}

/// What transactions.json holds.
export function vectors(ethers) {
  return { transactions: transactions(ethers), calls: calls(ethers) };
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const require = createRequire(`${resolve(process.env.BESTOW_NODE_DIR ?? "tests/node")}/`);
  process.stdout.write(`${JSON.stringify(vectors(require("ethers")), null, 2)}\n`);
}
