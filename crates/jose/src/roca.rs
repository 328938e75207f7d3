//! Recognising RSA keys made by a chip that made them guessable.

/// The primes whose residues give such a modulus away.
const MARKER_PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Whether a modulus, big-endian, bears the fingerprint of CVE-2017-15361 ("ROCA").
///
/// The faulty library's primes are all of the form `k * M + (65537^a mod M)`, where the primes above divide
/// `M`. So modulo each of them its moduli are powers of 65537 (Nemec, Sys, Svenda, Klinec, Matyas: "The
/// Return of Coppersmith's Attack", CCS 2017). About one random modulus in 240 million is so too.
pub(crate) fn has_fingerprint(modulus: &[u8]) -> bool {
    MARKER_PRIMES.iter().all(|&prime| is_power_of_65537(residue(modulus, prime), prime))
}

fn residue(modulus: &[u8], prime: u32) -> u32 {
    modulus.iter().fold(0, |rest, &byte| (rest * 256 + u32::from(byte)) % prime)
}

fn is_power_of_65537(value: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == value {
            return true;
        }
        power = power * 65537 % prime;
        if power == 1 {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_told_from_other_residues() {
        // 65537 is 10 modulo 11, so its powers are 1 and 10.
        let powers: Vec<u32> = (0..11).filter(|&value| is_power_of_65537(value, 11)).collect();
        assert_eq!(powers, [1, 10]);
    }

    #[test]
    fn a_power_of_65537_bears_the_fingerprint_and_its_neighbour_does_not() {
        assert!(has_fingerprint(&[1, 0, 1]));
        assert!(!has_fingerprint(&[1, 0, 3]));
    }
}
