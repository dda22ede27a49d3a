//! Saddles followed along a family.

use super::Family;
use super::saddle::{PlanarSaddle, failed};
use super::section::distance;
use crate::dynamics::VectorField;
use crate::error::Result;

/// A saddle along a family: every parameter starts at the nearest one that is known.
#[derive(Clone)]
struct Track {
    guess: [f64; 2],
    known: Vec<(f64, PlanarSaddle)>,
}

/// The farthest that a saddle may move from one parameter to the next without one between.
const FAR: f64 = 0.05;

impl Track {
    /// The saddle at the first parameter is that which Newton's method finds from `guess`.
    fn new(guess: [f64; 2]) -> Self {
        Self { guess, known: vec![] }
    }

    /// The saddle at `mu`.
    fn at(&mut self, family: &Family<'_>, mu: f64) -> Result<PlanarSaddle> {
        self.step(family, mu, 0)
    }

    fn step(&mut self, family: &Family<'_>, mu: f64, depth: usize) -> Result<PlanarSaddle> {
        let nearest = self.known.iter().min_by(|a, b| (a.0 - mu).abs().total_cmp(&(b.0 - mu).abs()));
        let Some((from, known)) = nearest.cloned() else {
            let saddle = PlanarSaddle::near(&*family(mu)?, self.guess)?;
            self.known.push((mu, saddle.clone()));
            return Ok(saddle);
        };
        let found = PlanarSaddle::near(&*family(mu)?, known.state);
        let found = found.map(|saddle| saddle.signed_like(known.unstable_direction, known.stable_direction));
        let moved = |saddle: &PlanarSaddle| {
            (saddle.state[0] - known.state[0]).hypot(saddle.state[1] - known.state[1])
        };
        if let Ok(saddle) = &found
            && moved(saddle) < FAR
        {
            // Roots are refined by parameters that hardly differ: they need no entry each.
            if (from - mu).abs() > 1e-9 * (from.abs() + mu.abs()) {
                self.known.push((mu, saddle.clone()));
            }
            return found;
        }
        let middle = 0.5 * (from + mu);
        if depth >= 12 || middle == from || middle == mu {
            return found.and_then(|saddle| {
                Err(failed(format!("the saddle near {:?} jumps to {:?} at {mu}", known.state, saddle.state)))
            });
        }
        self.step(family, middle, depth + 1)?;
        self.step(family, mu, depth + 1)
    }
}

/// The saddle that is left and the one that is entered, along a family.
pub(super) struct Tracks {
    from: Track,
    /// None where it is the same one.
    to: Option<Track>,
}

impl Tracks {
    /// The saddles near `from` and `to`, each started at a parameter of the range where Newton's method finds it, the
    /// middle if possible.
    pub(super) fn new(
        family: &Family<'_>,
        from: [f64; 2],
        to: Option<[f64; 2]>,
        (low, high): (f64, f64),
    ) -> Result<Self> {
        let middle = 0.5 * (low + high);
        let start = |guess: [f64; 2]| -> Result<Track> {
            let mut failure = failed("no parameter".to_owned());
            for (k, parameter) in
                [middle, 0.5 * (low + middle), 0.5 * (middle + high), low, high].into_iter().enumerate()
            {
                match nearest_saddle(&*family(parameter)?, guess) {
                    Ok(saddle) => {
                        let mut track = Track::new(saddle.state);
                        track.at(family, parameter)?;
                        return Ok(track);
                    }
                    Err(error) if k == 0 => failure = error,
                    Err(_) => {}
                }
            }
            Err(failure)
        };
        Ok(Self { from: start(from)?, to: to.map(start).transpose()? })
    }

    /// Both saddles at a parameter; the same one twice for a homoclinic orbit.
    pub(super) fn at(&mut self, family: &Family<'_>, parameter: f64) -> Result<(PlanarSaddle, PlanarSaddle)> {
        let from = self.from.at(family, parameter)?;
        let to = match &mut self.to {
            Some(track) => track.at(family, parameter)?,
            None => from.clone(),
        };
        Ok((from, to))
    }
}

/// The saddle that is nearest to the guess, of those that Newton's method finds from it and from around it.
fn nearest_saddle(flow: &dyn VectorField, guess: [f64; 2]) -> Result<PlanarSaddle> {
    let direct = PlanarSaddle::near(flow, guess);
    if let Ok(saddle) = &direct
        && distance(saddle.state, guess) < 0.02
    {
        return direct;
    }
    let mut best = direct;
    for radius in [0.01, 0.03, 0.08, 0.2] {
        for turn in 0..8 {
            let (sin, cos) = (f64::from(turn) * std::f64::consts::FRAC_PI_4).sin_cos();
            let place = [guess[0] + radius * cos, guess[1] + radius * sin];
            if let Ok(saddle) = PlanarSaddle::near(flow, place) {
                let nearer =
                    best.as_ref().map_or(true, |b| distance(saddle.state, guess) < distance(b.state, guess));
                if nearer {
                    best = Ok(saddle);
                }
            }
        }
    }
    best
}
