//! A decoded PNG, to find in it what must be there.

use eigengate::plot::{Color, Figure};
use std::collections::HashMap;
/// A decoded PNG.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
    pub per_metre: u32,
}

impl Picture {
    pub fn of(figure: &Figure) -> Self {
        Self::decode(figure.png().unwrap())
    }

    pub fn decode(bytes: Vec<u8>) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
        let per_metre = reader.info().pixel_dims.unwrap().xppu;
        Self { width: info.width as usize, height: info.height as usize, pixels, per_metre }
    }

    pub fn at(&self, x: usize, y: usize) -> Color {
        let at = 3 * (y * self.width + x);
        Color::new(self.pixels[at], self.pixels[at + 1], self.pixels[at + 2])
    }

    pub fn all(&self, color: Color) -> Vec<(usize, usize)> {
        let every = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        every.filter(|&(x, y)| self.at(x, y) == color).collect()
    }

    /// Left, top, right and bottom of the data area: ends of the spines, the longest dark lines.
    pub fn area(&self) -> (f64, f64, f64, f64) {
        let ink = self.all(Color::new(38, 38, 38));
        let mut columns: HashMap<usize, usize> = HashMap::new();
        let mut rows: HashMap<usize, usize> = HashMap::new();
        for &(x, y) in &ink {
            *columns.entry(x).or_default() += 1;
            *rows.entry(y).or_default() += 1;
        }
        let most = |counts: &HashMap<usize, usize>| {
            let most = *counts.values().max().unwrap();
            // A spine is two pixels wide, with its middle between them.
            let lines: Vec<usize> =
                counts.iter().filter(|(_, n)| **n + 4 > most).map(|(at, _)| *at).collect();
            (*lines.iter().min().unwrap() + *lines.iter().max().unwrap()) as f64 / 2.0 + 0.5
        };
        let (left, bottom) = (most(&columns), most(&rows));
        let right = ink.iter().filter(|p| p.1 as f64 == bottom).map(|p| p.0).max().unwrap() + 1;
        let top = ink.iter().filter(|p| p.0 as f64 == left).map(|p| p.1).min().unwrap();
        (left, top as f64, right as f64, bottom)
    }

    /// Centre of all pixels of a colour.
    pub fn centre(&self, color: Color) -> (f64, f64) {
        let all = self.all(color);
        assert!(!all.is_empty(), "no pixel has {color:?}");
        let sum = all.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0 as f64 + 0.5, s.1 + p.1 as f64 + 0.5));
        (sum.0 / all.len() as f64, sum.1 / all.len() as f64)
    }
}
