//! Prints how many Poseidon hashes one core computes in a second, for each number of inputs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use iden3::{Fr, poseidon};

fn main() {
    for count in 1..=poseidon::MAX_INPUTS {
        let mut inputs: Vec<Fr> = (0..count as u64).map(Fr::from).collect();
        // The first hash of a width prepares its parameters.
        let prepared = Instant::now();
        inputs[0] = poseidon::hash(&inputs).expect("the count is in range");
        let prepared = prepared.elapsed();

        let start = Instant::now();
        let mut hashes = 0u32;
        while start.elapsed() < Duration::from_millis(500) {
            for _ in 0..100 {
                inputs[0] = black_box(poseidon::hash(&inputs).expect("the count is in range"));
            }
            hashes += 100;
        }
        let per_second = f64::from(hashes) / start.elapsed().as_secs_f64();
        println!("{count:2} inputs: {per_second:9.0} hash/s (prepared in {prepared:.1?})");
    }
}
