//! Sixteen float32 numbers at a time, for loops whose sums must stay in registers.
//!
//! The compiler vectorises simple loops by itself ([`multiversion`](super::multiversion)); arrays of sums that should live in
//! registers it leaves in memory (measured in the convolution: 4 GFLOP/s instead of 90). Here an instruction set is
//! a value that only detection makes, so that having one proves that its instructions can run.

/// How many numbers [`Simd::Lanes`] has.
pub(crate) const LANES: usize = 16;

/// Sixteen numbers in one cache line: what straddles two takes twice as long to load.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
pub(crate) struct Line(pub [f32; LANES]);

impl Line {
    pub(crate) const ZERO: Self = Self([0.0; LANES]);
}

/// An instruction set. All of them give the same bits.
pub(crate) trait Simd: Copy {
    /// Sixteen numbers.
    type Lanes: Copy;

    fn splat(self, value: f32) -> Self::Lanes;
    fn load(self, values: &[f32; LANES]) -> Self::Lanes;
    fn store(self, lanes: Self::Lanes, target: &mut [f32; LANES]);
    /// `a b + c`, rounded once.
    fn mul_add(self, a: Self::Lanes, b: Self::Lanes, c: Self::Lanes) -> Self::Lanes;
    /// Where `challenger > champion` or `challenger` is NaN: `yes`, elsewhere `no`, for both pairs.
    fn select_beaten(
        self,
        challenger: Self::Lanes,
        champion: Self::Lanes,
        yes: Self::Lanes,
        no: Self::Lanes,
    ) -> (Self::Lanes, Self::Lanes);

    /// The sum of the sixteen, halves upon halves: the compiler makes shuffles of it.
    #[inline(always)]
    fn sum(self, lanes: Self::Lanes) -> f32 {
        let mut values = [0.0; LANES];
        self.store(lanes, &mut values);
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                values[i] += values[i + half];
            }
        }
        values[0]
    }
}

/// Any processor.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Simd for Portable {
    type Lanes = [f32; LANES];

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; LANES] {
        [value; LANES]
    }

    #[inline(always)]
    fn load(self, values: &[f32; LANES]) -> [f32; LANES] {
        *values
    }

    #[inline(always)]
    fn store(self, lanes: [f32; LANES], target: &mut [f32; LANES]) {
        *target = lanes;
    }

    #[inline(always)]
    fn mul_add(self, a: [f32; LANES], b: [f32; LANES], c: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
    }

    #[inline(always)]
    fn select_beaten(
        self,
        challenger: [f32; LANES],
        champion: [f32; LANES],
        yes: [f32; LANES],
        no: [f32; LANES],
    ) -> ([f32; LANES], [f32; LANES]) {
        let beaten = |i: usize| challenger[i] > champion[i] || challenger[i].is_nan();
        (
            std::array::from_fn(|i| if beaten(i) { challenger[i] } else { champion[i] }),
            std::array::from_fn(|i| if beaten(i) { yes[i] } else { no[i] }),
        )
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, Simd};
    use std::arch::x86_64::*;

    /// Proof that the processor has AVX-512 (F, VL, DQ and BW) and FMA.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(());

    impl Avx512 {
        pub(crate) fn detect() -> Option<Self> {
            (is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("fma"))
            .then_some(Self(()))
        }
    }

    // SAFETY, for every block below: `self` exists, so the processor has the instructions; the pointers are those of
    // arrays of sixteen numbers, and the unaligned forms of load and store are used.
    impl Simd for Avx512 {
        type Lanes = __m512;

        #[inline(always)]
        fn splat(self, value: f32) -> __m512 {
            unsafe { _mm512_set1_ps(value) }
        }

        #[inline(always)]
        fn load(self, values: &[f32; LANES]) -> __m512 {
            unsafe { _mm512_loadu_ps(values.as_ptr()) }
        }

        #[inline(always)]
        fn store(self, lanes: __m512, target: &mut [f32; LANES]) {
            unsafe { _mm512_storeu_ps(target.as_mut_ptr(), lanes) }
        }

        #[inline(always)]
        fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
            unsafe { _mm512_fmadd_ps(a, b, c) }
        }

        #[inline(always)]
        fn select_beaten(
            self,
            challenger: __m512,
            champion: __m512,
            yes: __m512,
            no: __m512,
        ) -> (__m512, __m512) {
            unsafe {
                let beaten = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(challenger, champion)
                    | _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(challenger, challenger);
                (_mm512_mask_blend_ps(beaten, champion, challenger), _mm512_mask_blend_ps(beaten, no, yes))
            }
        }
    }

    /// Proof that the processor has AVX2 and FMA.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(());

    impl Avx2 {
        pub(crate) fn detect() -> Option<Self> {
            (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
        }
    }

    // SAFETY, for every block below: as above; each half of the sixteen numbers has eight.
    impl Simd for Avx2 {
        type Lanes = [__m256; 2];

        #[inline(always)]
        fn splat(self, value: f32) -> [__m256; 2] {
            unsafe { [_mm256_set1_ps(value); 2] }
        }

        #[inline(always)]
        fn load(self, values: &[f32; LANES]) -> [__m256; 2] {
            unsafe { [_mm256_loadu_ps(values.as_ptr()), _mm256_loadu_ps(values.as_ptr().add(8))] }
        }

        #[inline(always)]
        fn store(self, lanes: [__m256; 2], target: &mut [f32; LANES]) {
            unsafe {
                _mm256_storeu_ps(target.as_mut_ptr(), lanes[0]);
                _mm256_storeu_ps(target.as_mut_ptr().add(8), lanes[1]);
            }
        }

        #[inline(always)]
        fn mul_add(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
            unsafe { [_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])] }
        }

        #[inline(always)]
        fn select_beaten(
            self,
            challenger: [__m256; 2],
            champion: [__m256; 2],
            yes: [__m256; 2],
            no: [__m256; 2],
        ) -> ([__m256; 2], [__m256; 2]) {
            let half = |i: usize| unsafe {
                let beaten = _mm256_or_ps(
                    _mm256_cmp_ps::<_CMP_GT_OQ>(challenger[i], champion[i]),
                    _mm256_cmp_ps::<_CMP_UNORD_Q>(challenger[i], challenger[i]),
                );
                (
                    _mm256_blendv_ps(champion[i], challenger[i], beaten),
                    _mm256_blendv_ps(no[i], yes[i], beaten),
                )
            };
            let (low, high) = (half(0), half(1));
            ([low.0, high.0], [low.1, high.1])
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

/// Defines a function whose body gets, as its first argument, the best instruction set that the processor has.
macro_rules! with_simd {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident($simd:ident; $($argument:ident: $kind:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        $visibility fn $name($($argument: $kind),*) {
            #[inline(always)]
            fn body<S: $crate::numeric::Simd>($simd: S, $($argument: $kind),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,fma")]
            fn avx512(simd: $crate::numeric::Avx512, $($argument: $kind),*) {
                body(simd, $($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2(simd: $crate::numeric::Avx2, $($argument: $kind),*) {
                body(simd, $($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            {
                if let Some(simd) = $crate::numeric::Avx512::detect() {
                    // SAFETY: the processor has just said that it has these instructions.
                    return unsafe { avx512(simd, $($argument),*) };
                }
                if let Some(simd) = $crate::numeric::Avx2::detect() {
                    // SAFETY: as above.
                    return unsafe { avx2(simd, $($argument),*) };
                }
            }
            body($crate::numeric::Portable, $($argument),*)
        }
    };
}

pub(crate) use with_simd;

#[cfg(test)]
mod tests {
    use super::*;

    /// All results of an instruction set's operations, on numbers of every kind. NaN is one number here: which of two
    /// NaN an operation hands on is up to the processor.
    fn results<S: Simd>(simd: S) -> Vec<u32> {
        let kinds = [
            0.0,
            -0.0,
            1.0,
            -1.5,
            1e-40,
            3.4e38,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
            1.000_000_1,
            1e-8,
        ];
        let pick = |start: usize, step: usize| -> [f32; LANES] {
            std::array::from_fn(|i| kinds[(start + step * i) % kinds.len()])
        };
        let mut all = vec![];
        for start in 0..kinds.len() {
            for step in 1..kinds.len() {
                let [a, b, c] =
                    [pick(start, step), pick(start + step, 3), pick(2 * start, 7)].map(|v| simd.load(&v));
                let (best, choice) = simd.select_beaten(a, b, c, simd.splat(2.0));
                for lanes in [simd.mul_add(a, b, c), best, choice] {
                    let mut values = [0.0; LANES];
                    simd.store(lanes, &mut values);
                    all.extend(values.map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }));
                }
            }
        }
        all
    }

    #[test]
    fn all_instruction_sets_give_the_same_bits() {
        let want = results(Portable);
        assert!(want.contains(&u32::MAX) && want.contains(&2f32.to_bits()));
        #[cfg(target_arch = "x86_64")]
        {
            assert!(Avx512::detect().is_none_or(|simd| results(simd) == want));
            assert!(Avx2::detect().is_none_or(|simd| results(simd) == want));
        }
    }
}
