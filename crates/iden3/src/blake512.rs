//! BLAKE-512, the SHA-3 finalist (not BLAKE2): iden3 expands private keys with it.
//!
//! From the submission "SHA-3 proposal BLAKE", version 1.3, section 2.2, without salt. Unkeyed, one-shot.

use zeroize::Zeroizing;

const BLOCK_BYTES: usize = 128;
const ROUNDS: usize = 16;

/// The initial value, that of SHA-512.
const INITIAL: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// Leading digits of pi.
const CONSTANTS: [u64; 16] = [
    0x243f_6a88_85a3_08d3,
    0x1319_8a2e_0370_7344,
    0xa409_3822_299f_31d0,
    0x082e_fa98_ec4e_6c89,
    0x4528_21e6_38d0_1377,
    0xbe54_66cf_34e9_0c6c,
    0xc0ac_29b7_c97c_50dd,
    0x3f84_d5b5_b547_0917,
    0x9216_d5d9_8979_fb1b,
    0xd131_0ba6_98df_b5ac,
    0x2ffd_72db_d01a_dfb7,
    0xb8e1_afed_6a26_7e96,
    0xba7c_9045_f12c_7f99,
    0x24a1_9947_b391_6cf7,
    0x0801_f2e2_858e_fc16,
    0x6369_20d8_7157_4e69,
];

/// The order of message words in each round; it repeats after ten rounds.
const PERMUTATIONS: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// The words that the eight applications of G in a round mix: columns, then diagonals.
const LANES: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];

/// The 64-byte BLAKE-512 digest of a message.
pub(crate) fn hash(message: &[u8]) -> [u8; 64] {
    let bits = 8 * message.len() as u128;
    let mut chain = INITIAL;
    for (index, block) in pad(message).as_chunks::<BLOCK_BYTES>().0.iter().enumerate() {
        let before = (8 * BLOCK_BYTES * index) as u128;
        // The counter is the number of message bits so far, and zero for a block that is all padding.
        let counter = if before < bits { bits.min(before + 8 * BLOCK_BYTES as u128) } else { 0 };
        compress(&mut chain, block, counter);
    }
    let mut digest = [0; 64];
    for (bytes, word) in digest.as_chunks_mut::<8>().0.iter_mut().zip(chain) {
        *bytes = word.to_be_bytes();
    }
    digest
}

/// Appends a one bit, zeros, a one bit and the 128-bit big-endian length, up to a whole number of blocks. The message is
/// a private key, so the copy is wiped.
fn pad(message: &[u8]) -> Zeroizing<Vec<u8>> {
    let blocks = (message.len() + 17).div_ceil(BLOCK_BYTES);
    let mut padded = Zeroizing::new(vec![0; blocks * BLOCK_BYTES]);
    padded[..message.len()].copy_from_slice(message);
    padded[message.len()] = 0x80;
    let length_at = padded.len() - 16;
    padded[length_at - 1] |= 0x01;
    padded[length_at..].copy_from_slice(&(8 * message.len() as u128).to_be_bytes());
    padded
}

fn compress(chain: &mut [u64; 8], block: &[u8; BLOCK_BYTES], counter: u128) {
    let mut message = [0; 16];
    for (word, bytes) in message.iter_mut().zip(block.as_chunks::<8>().0) {
        *word = u64::from_be_bytes(*bytes);
    }
    let (low, high) = (counter as u64, (counter >> 64) as u64);
    let mut state = [0; 16];
    state[..8].copy_from_slice(chain);
    state[8..].copy_from_slice(&CONSTANTS[..8]);
    for (word, part) in state[12..].iter_mut().zip([low, low, high, high]) {
        *word ^= part;
    }
    for round in 0..ROUNDS {
        let order = &PERMUTATIONS[round % PERMUTATIONS.len()];
        for (lane, pair) in LANES.iter().zip(order.as_chunks::<2>().0) {
            mix(&mut state, *lane, &message, *pair);
        }
    }
    for (i, word) in chain.iter_mut().enumerate() {
        *word ^= state[i] ^ state[i + 8];
    }
}

/// The function G.
fn mix(state: &mut [u64; 16], [a, b, c, d]: [usize; 4], message: &[u64; 16], [i, j]: [usize; 2]) {
    for (word, constant, rotate_d, rotate_b) in [(i, j, 32, 25), (j, i, 16, 11)] {
        let input = message[word] ^ CONSTANTS[constant];
        state[a] = state[a].wrapping_add(state[b]).wrapping_add(input);
        state[d] = (state[d] ^ state[a]).rotate_right(rotate_d);
        state[c] = state[c].wrapping_add(state[d]);
        state[b] = (state[b] ^ state[c]).rotate_right(rotate_b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The submission's own vectors: one zero byte, and 144 of them.
    #[test]
    fn submission_vectors() {
        assert_eq!(
            hex::encode(hash(&[0])),
            "97961587f6d970faba6d2478045de6d1fabd09b61ae50932054d52bc29d31be4\
             ff9102b9f69e2bbdb83be13d4b9c06091e5fa0b48bd081b634058be0ec49beb3"
        );
        assert_eq!(
            hex::encode(hash(&[0; 144])),
            "313717d608e9cf758dcb1eb0f0c3cf9fc150b2d500fb33f51c52afc99d358a2f\
             1374b8a38bba7974e7f6ef79cab16f22ce1e649d6e01ad9589c213045d545dde"
        );
    }

    /// Messages `00 01 02 ...` around every boundary of the padding, from an independent implementation.
    #[test]
    fn padding_boundaries() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../tests/vectors/primitives.json")).unwrap();
        for vector in vectors["blake512"].as_array().unwrap() {
            let length = vector["len"].as_u64().unwrap();
            let message: Vec<u8> = (0..length).map(|i| i as u8).collect();
            assert_eq!(hex::encode(hash(&message)), vector["hash"].as_str().unwrap(), "{length} bytes");
        }
    }
}
