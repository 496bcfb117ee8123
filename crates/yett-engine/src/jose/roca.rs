//! RSA moduli whose factors can be found (ROCA, CVE-2017-15361): made by a library that drew its primes from a small
//! subgroup, which shows in the residues of the modulus.

/// Small primes that the flawed library's generator 65537 does not generate all residues of, or few of them.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127,
    131, 137, 139, 149, 151, 157, 163, 167,
];
const GENERATOR: u32 = 65_537;

/// Whether a modulus (big-endian bytes) has the mark. By chance one in far more than 2^100 has it.
pub(super) fn is_marked(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power(residue(modulus, *prime), *prime))
}

fn residue(number: &[u8], prime: u32) -> u32 {
    number.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime)
}

/// Whether a residue is a power of the generator.
fn is_power(residue: u32, prime: u32) -> bool {
    let powers = std::iter::successors(Some(1), |power| Some(power * (GENERATOR % prime) % prime));
    powers.take(prime as usize).any(|power| power == residue)
}
