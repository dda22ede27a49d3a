//! The passes of a batch normalisation, over whole rows as wide as the vectors beside them.

use crate::numeric::multiversion;

multiversion! {
    /// `sums += (x - mean)^2` down the columns.
    pub(crate) fn add_squared_deviations(sums: &mut [f32], x: &[f32], mean: &[f32]) {
        for x in x.chunks_exact(mean.len()) {
            for ((sum, x), mean) in sums.iter_mut().zip(x).zip(mean) {
                let deviation = x - mean;
                *sum = deviation.mul_add(deviation, *sum);
            }
        }
    }
}

multiversion! {
    /// `y = (x - mean) slope + offset`. Subtracted first: `x slope` alone may be large, and its rounding with it.
    pub(crate) fn normalise_rows(y: &mut [f32], x: &[f32], mean: &[f32], slope: &[f32], offset: &[f32]) {
        for (y, x) in y.chunks_exact_mut(mean.len()).zip(x.chunks_exact(mean.len())) {
            for ((((y, x), mean), slope), offset) in y.iter_mut().zip(x).zip(mean).zip(slope).zip(offset) {
                *y = (x - mean).mul_add(*slope, *offset);
            }
        }
    }
}

multiversion! {
    /// `sums += dy` and `products += dy (x - mean)` down the columns.
    pub(crate) fn add_slopes(sums: &mut [f32], products: &mut [f32], dy: &[f32], x: &[f32], mean: &[f32]) {
        for (dy, x) in dy.chunks_exact(mean.len()).zip(x.chunks_exact(mean.len())) {
            for ((((sum, product), dy), x), mean) in sums.iter_mut().zip(&mut *products).zip(dy).zip(x).zip(mean) {
                *sum += dy;
                *product = dy.mul_add(x - mean, *product);
            }
        }
    }
}

multiversion! {
    /// `dx += slope (dy - level - tilt (x - mean))`.
    pub(crate) fn normalised_slopes(
        dx: &mut [f32],
        dy: &[f32],
        x: &[f32],
        mean: &[f32],
        slope: &[f32],
        level: &[f32],
        tilt: &[f32],
    ) {
        let width = mean.len();
        let rows = dx.chunks_exact_mut(width).zip(dy.chunks_exact(width)).zip(x.chunks_exact(width));
        for ((dx, dy), x) in rows {
            let units = dx.iter_mut().zip(dy).zip(x).zip(mean).zip(slope).zip(level).zip(tilt);
            for ((((((dx, dy), x), mean), slope), level), tilt) in units {
                let inner = (mean - x).mul_add(*tilt, dy - level);
                *dx = slope.mul_add(inner, *dx);
            }
        }
    }
}
