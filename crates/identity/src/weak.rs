//! RSA keys that can be broken by what their generator did: ROCA (CVE-2017-15361; Nemec and others, "The Return of
//! Coppersmith's Attack", 2017). Its primes are powers of 65537 modulo a product of small primes, and so is the modulus,
//! which no honest key is but by a chance of one in 2^27.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The primes that the fingerprint is taken by: those to 167, of which 65537 does not generate everything.
const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Whether a modulus, as a JWK has it (base64url, big-endian), has the fingerprint.
pub fn has_roca(modulus: &str) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(modulus) else { return false };
    let rest = |prime: u32| bytes.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
    PRIMES.iter().all(|prime| is_power(rest(*prime), *prime))
}

/// Whether `rest` is a power of 65537 modulo `prime`.
fn is_power(rest: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == rest {
            return true;
        }
        power = power * (65_537 % prime) % prime;
        if power == 1 {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_have_the_fingerprint_and_their_neighbours_have_not() {
        let modulus = |number: u128| URL_SAFE_NO_PAD.encode(number.to_be_bytes());
        let power = 65_537_u128.pow(7);
        assert!(has_roca(&modulus(power)) && has_roca(&modulus(1)));
        for near in [power - 1, power + 2, power + 4] {
            assert!(!has_roca(&modulus(near)), "{near}");
        }
        assert!(!has_roca("not base64!"));
    }
}
