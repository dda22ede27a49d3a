//! One pass over a parameter, its gradient and the state of its optimiser: each is read once and written once.
//!
//! The loop is a `multiversion!`. A [`Rule`] uses separate
//! multiplications and additions, and square roots and divisions, which IEEE 754 rounds correctly: all three give
//! the same bits. Every number is computed from its own place alone, so that threads do not matter either.

use crate::numeric::multiversion;

/// The most state arrays that a rule has.
pub(super) const ARRAYS: usize = 3;

/// Numbers that one task handles. With five arrays 320 KiB: much less, and starting tasks would be seen.
const BLOCK: usize = 16 * 1024;

/// One step of one number.
pub(super) trait Rule: Copy + Sync {
    /// How many state arrays the rule has; the others are empty.
    const ARRAYS: usize;

    /// The new value of a number `p` with gradient `g`. The state changes in place; places beyond
    /// [`Rule::ARRAYS`] are 0 and are not kept.
    fn apply(self, p: f32, g: f32, state: &mut [f32; ARRAYS]) -> f32;
}

/// Applies a rule to every number, with `decay * p` added to its gradient. `g` and the arrays that the rule has are as long as `p`.
pub(super) fn update<R: Rule>(rule: R, decay: f32, p: &mut [f32], g: &[f32], state: [&mut [f32]; ARRAYS]) {
    if p.len() <= BLOCK {
        let [a, b, c] = state;
        return block(rule, decay, p, g, a, b, c);
    }
    // Halves are split at multiples of a vector, and on the stack: a step allocates nothing.
    let middle = (p.len() / 2).next_multiple_of(64);
    let ((p, q), (g, h)) = (p.split_at_mut(middle), g.split_at(middle));
    let mut halves = state.map(|array| array.split_at_mut(middle.min(array.len())));
    let lower = halves.each_mut().map(|(lower, _)| std::mem::take(lower));
    let upper = halves.map(|(_, upper)| upper);
    rayon::join(|| update(rule, decay, p, g, lower), || update(rule, decay, q, h, upper));
}

multiversion! {
    fn block<R: Rule>(
        rule: R,
        decay: f32,
        p: &mut [f32],
        g: &[f32],
        a: &mut [f32],
        b: &mut [f32],
        c: &mut [f32],
    ) {
        all(rule, decay, p, g, a, b, c);
    }
}

/// The arrays are arguments of their own, and not one of arrays, because the compiler takes arguments for disjoint.
/// Without that it would compare ten pairs of addresses before the loop, which is more than it is willing to.
#[inline(always)]
fn all<R: Rule>(rule: R, decay: f32, p: &mut [f32], g: &[f32], a: &mut [f32], b: &mut [f32], c: &mut [f32]) {
    let n = p.len();
    let kept = |array: usize| if array < R::ARRAYS { n } else { 0 };
    // One check each, and none in the loop.
    let g = &g[..n];
    let (a, b, c) = (&mut a[..kept(0)], &mut b[..kept(1)], &mut c[..kept(2)]);
    for i in 0..n {
        let mut state = [0.0; ARRAYS];
        if R::ARRAYS > 0 {
            state[0] = a[i];
        }
        if R::ARRAYS > 1 {
            state[1] = b[i];
        }
        if R::ARRAYS > 2 {
            state[2] = c[i];
        }
        // Without decay not `0 * p`, which is NaN for an infinite parameter. The branch is taken out of the loop.
        let g = if decay == 0.0 { g[i] } else { g[i] + decay * p[i] };
        p[i] = rule.apply(p[i], g, &mut state);
        if R::ARRAYS > 0 {
            a[i] = state[0];
        }
        if R::ARRAYS > 1 {
            b[i] = state[1];
        }
        if R::ARRAYS > 2 {
            c[i] = state[2];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::optimiser::rms_prop::{RmsProp, RmsPropRule};

    /// Three steps on `n` numbers, each with two arrays: all bits afterwards.
    fn run(n: usize, step: impl Fn(&mut [f32], &[f32], &mut [f32], &mut [f32])) -> [Vec<u32>; 3] {
        let mut p: Vec<f32> = (0..n).map(|i| (i as f32 * 0.37).sin()).collect();
        let g: Vec<f32> = (0..n).map(|i| (i as f32 * 1.7).cos() * 3e-3).collect();
        let (mut a, mut b) = (vec![0.1; n], vec![0.2; n]);
        (0..3).for_each(|_| step(&mut p, &g, &mut a, &mut b));
        [p, a, b].map(|values| values.into_iter().map(f32::to_bits).collect())
    }

    /// Not chosen where there is AVX-512.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn avx2<R: Rule>(rule: R, decay: f32, p: &mut [f32], g: &[f32], [a, b, c]: [&mut [f32]; ARRAYS]) {
        all(rule, decay, p, g, a, b, c);
    }

    #[test]
    fn all_instruction_sets_give_the_same_bits() {
        let rule = RmsPropRule::<true>::new(&RmsProp { momentum: 0.9, ..RmsProp::default() });
        for (n, decay) in [0, 1, 15, 16, 17, 67].into_iter().flat_map(|n| [(n, 0.0), (n, 0.1)]) {
            let plain = run(n, |p, g, a, b| all(rule, decay, p, g, a, b, &mut []));
            assert_eq!(run(n, |p, g, a, b| update(rule, decay, p, g, [a, b, &mut []])), plain);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: the processor has just said that it has these instructions.
                assert_eq!(run(n, |p, g, a, b| unsafe { avx2(rule, decay, p, g, [a, b, &mut []]) }), plain);
            }
        }
    }
}
