//! One loop, compiled for several instruction sets.

/// Defines a function whose body is compiled three times (AVX-512, AVX2, baseline), the best of which is chosen
/// at run time.
///
/// The compiler fuses no multiplication with an addition on its own, and `f32::mul_add` rounds once on every
/// processor: all three versions give the same bits. (Where there is no such instruction it is slow; all x86
/// processors since 2013 have it.)
macro_rules! multiversion {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident $(<$generic:ident: $bound:path>)?
        ($($argument:ident: $kind:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        $visibility fn $name $(<$generic: $bound>)? ($($argument: $kind),*) {
            #[inline(always)]
            fn body $(<$generic: $bound>)? ($($argument: $kind),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,fma")]
            fn avx512 $(<$generic: $bound>)? ($($argument: $kind),*) {
                body($($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2 $(<$generic: $bound>)? ($($argument: $kind),*) {
                body($($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            {
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("fma")
                {
                    // SAFETY: the processor has just said that it has these instructions.
                    return unsafe { avx512($($argument),*) };
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: as above.
                    return unsafe { avx2($($argument),*) };
                }
            }
            body($($argument),*)
        }
    };
}

pub(crate) use multiversion;
