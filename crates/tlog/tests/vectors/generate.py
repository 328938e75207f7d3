"""Writes reference.json with aics-tlog 0.2.1 (PyPI), an independent implementation: python generate.py > reference.json"""

import hashlib
import json

from aics_tlog import MerkleTree, cosignature_vkey, format_vkey, sign_checkpoint, sign_cosignature, vkey_from_ed25519
from aics_tlog.checkpoint import Checkpoint
from aics_tlog.note import Note, b64_encode
from aics_tlog.tiles import entry_bundle_path, materialise_tiles, tile_path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIZE = 70_000
leaves = [f"entry {i}".encode() for i in range(SIZE)]
tree = MerkleTree(leaves)

root_sizes = [*range(18), 31, 32, 33, 255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, SIZE]
inclusions = [(0, 1), (0, 7), (6, 7), (3, 8), (255, 256), (256, 257), (0, 1000), (999, 1000), (65_535, SIZE),
              (65_536, SIZE), (12_345, SIZE), (SIZE - 1, SIZE)]
consistencies = [(1, 2), (3, 7), (4, 7), (6, 8), (256, 257), (255, 257), (300, 1000), (512, 1000), (65_536, SIZE),
                 (65_537, SIZE), (40_000, SIZE), (SIZE - 1, SIZE)]

tiles = {path: hashlib.sha256(data).hexdigest() for path, data in materialise_tiles(leaves).items()}
kept_tiles = {path: digest for path, digest in tiles.items()
              if ".p/" in path or path in ("tile/0/000", "tile/0/272", "tile/1/000", "tile/entries/000")}

log_key, witness_key = (Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32) for byte in (1, 2))
checkpoint = Checkpoint(origin="log.example/1", size=SIZE, root=tree.root(SIZE), extension_lines=("extension",))
signed = sign_checkpoint(checkpoint, log_key, "log.example/1")
timestamp = 1_679_315_147
_, cosignature = sign_cosignature(witness_key, "witness.example/w1", timestamp, checkpoint.origin, checkpoint.size,
                                  checkpoint.root, checkpoint.extension_lines)

print(json.dumps({
    "roots": [{"size": n, "root": b64_encode(tree.root(n))} for n in root_sizes],
    "inclusion": [{"index": i, "size": n, "path": [b64_encode(h) for h in tree.inclusion_proof(i, n)]}
                  for i, n in inclusions],
    "consistency": [{"old": m, "new": n, "path": [b64_encode(h) for h in tree.consistency_proof(m, n)]}
                    for m, n in consistencies],
    "tiles": kept_tiles,
    "tile_count": len(tiles),
    "paths": [{"level": level, "index": index, "width": width, "tile": tile_path(level, index, width),
               "entries": entry_bundle_path(index, width)}
              for level, index, width in [(0, 0, None), (0, 999, 1), (1, 1000, None), (2, 1_234_067, 8),
                                          (7, 999_999, 255), (63, 1_000_000_000, None)]],
    "checkpoint": {
        "log_seed": "01" * 32,
        "log_key": format_vkey(vkey_from_ed25519("log.example/1", log_key.public_key())),
        "witness_seed": "02" * 32,
        "witness_key": format_vkey(cosignature_vkey("witness.example/w1", witness_key.public_key())),
        "timestamp": timestamp,
        "note": Note(text=signed.text, signatures=(*signed.signatures, cosignature)).serialise(),
    },
}, indent=1, ensure_ascii=False))
