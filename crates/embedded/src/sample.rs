//! From logits to the next token. The same logits and the same seed give the same tokens, always.

use crate::arith::exp;

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampling {
    /// Always the likeliest.
    Greedy,
    /// Drawn by probability.
    Random {
        /// What logits are divided by before all else; 0 or less is greedy.
        temperature: f32,
        /// Only the likeliest tokens that together reach this probability; 1 or more keeps all.
        top_p: f32,
        /// Only this many of the likeliest; 0 keeps all.
        top_k: u32,
        /// Where the random numbers start.
        seed: u64,
    },
}

#[derive(Debug)]
pub(crate) struct Sampler {
    sampling: Sampling,
    state: u64,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    token: u32,
    /// Relative to the likeliest, which has 1.
    weight: f32,
}

impl Sampler {
    pub(crate) fn new(sampling: Sampling) -> Sampler {
        let state = if let Sampling::Random { seed, .. } = sampling { seed } else { 0 };
        Sampler { sampling, state }
    }

    pub(crate) fn next(&mut self, logits: &[f32]) -> u32 {
        match self.sampling {
            Sampling::Random { temperature, top_p, top_k, .. } if temperature > 0.0 => {
                let draw = self.random();
                let candidates = weigh(logits, temperature);
                pick(&keep_top_p(keep_top_k(candidates, top_k), top_p), draw)
            }
            _ => likeliest(logits).1,
        }
    }

    /// From 0 to just below 1 (SplitMix64, the upper 53 bits).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    fn random(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The largest logit and the first token that has it.
fn likeliest(logits: &[f32]) -> (f32, u32) {
    let most = logits.iter().fold(f32::NEG_INFINITY, |most, x| if *x > most { *x } else { most });
    (most, (0..).zip(logits).find(|(_, x)| **x == most).map_or(0, |(token, _)| token))
}

fn weigh(logits: &[f32], temperature: f32) -> Vec<Candidate> {
    let (most, _) = likeliest(logits);
    let weigh = |(token, logit): (u32, &f32)| Candidate { token, weight: exp((logit - most) / temperature) };
    (0..).zip(logits).map(weigh).collect()
}

fn descending(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    b.weight.total_cmp(&a.weight).then(a.token.cmp(&b.token))
}

fn keep_top_k(mut candidates: Vec<Candidate>, top_k: u32) -> Vec<Candidate> {
    let keep = usize::try_from(top_k).unwrap_or(usize::MAX);
    if (1..candidates.len()).contains(&keep) {
        candidates.select_nth_unstable_by(keep, descending);
        candidates.truncate(keep);
        candidates.sort_unstable_by(descending);
    }
    candidates
}

fn total(candidates: &[Candidate]) -> f64 {
    candidates.iter().map(|c| f64::from(c.weight)).sum()
}

fn keep_top_p(mut candidates: Vec<Candidate>, top_p: f32) -> Vec<Candidate> {
    if top_p >= 1.0 {
        return candidates;
    }
    let enough = total(&candidates) * f64::from(top_p);
    // Nearly always the few that are not hopeless reach far enough, and the rest need no sorting.
    let likely: Vec<Candidate> = candidates.iter().copied().filter(|c| c.weight > 1e-3).collect();
    if total(&likely) > enough * 1.000_001 {
        candidates = likely;
    }
    candidates.sort_unstable_by(descending);
    let mut sum = 0.0;
    let reached = candidates.iter().position(|c| {
        sum += f64::from(c.weight);
        sum >= enough
    });
    candidates.truncate(reached.map_or(candidates.len(), |at| at + 1));
    candidates
}

fn pick(candidates: &[Candidate], draw: f64) -> u32 {
    let mut left = draw * total(candidates);
    for candidate in candidates {
        left -= f64::from(candidate.weight);
        if left < 0.0 {
            return candidate.token;
        }
    }
    candidates.first().map_or(0, |c| c.token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(logits: &[f32], temperature: f32, top_p: f32, top_k: u32) -> Vec<u32> {
        let mut sampler = Sampler::new(Sampling::Random { temperature, top_p, top_k, seed: 7 });
        let mut drawn: Vec<u32> = (0..500).map(|_| sampler.next(logits)).collect();
        drawn.sort_unstable();
        drawn.dedup();
        drawn
    }

    #[test]
    fn only_what_the_limits_leave_is_drawn() {
        // Probabilities about 0.64, 0.24, 0.09, 0.03.
        let logits = [1.0, 3.0, 4.0, 2.0];
        assert_eq!(draws(&logits, 1.0, 1.0, 0), [0, 1, 2, 3]);
        assert_eq!(draws(&logits, 1.0, 1.0, 2), [1, 2]);
        assert_eq!(draws(&logits, 1.0, 0.9, 0), [1, 2, 3]);
        assert_eq!(draws(&logits, 1.0, 0.6, 0), [2]);
        assert_eq!(draws(&logits, 1.0, 0.0, 0), [2]);
        assert_eq!(draws(&logits, 0.01, 1.0, 0), [2]);
        assert_eq!(draws(&logits, 0.0, 1.0, 0), [2]);
    }

    #[test]
    fn shares_follow_the_probabilities() {
        let mut sampler = Sampler::new(Sampling::Random { temperature: 1.0, top_p: 1.0, top_k: 0, seed: 1 });
        let second = (0..10_000).filter(|_| sampler.next(&[0.0, 3.0_f32.ln()]) == 1).count();
        assert!((7_300..7_700).contains(&second), "{second}");
    }

    #[test]
    fn the_seed_decides() {
        let logits: Vec<f32> = (0..100u8).map(|i| f32::from(i) / 30.0).collect();
        let run = |seed| {
            let mut sampler =
                Sampler::new(Sampling::Random { temperature: 1.0, top_p: 0.95, top_k: 50, seed });
            (0..20).map(|_| sampler.next(&logits)).collect::<Vec<_>>()
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
    }

    #[test]
    fn logits_that_are_no_numbers_do_not_panic() {
        for sampling in
            [Sampling::Greedy, Sampling::Random { temperature: 1.0, top_p: 0.5, top_k: 2, seed: 0 }]
        {
            assert!(Sampler::new(sampling).next(&[f32::NAN; 4]) < 4);
        }
    }
}
