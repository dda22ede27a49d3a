use eigengate::dynamics::*;
use eigengate::prelude::*;
use ndarray::Array3;
#[test]
fn zz() {
    let gru = Gru::load("notebooks/your_gru.safetensors").unwrap();
    println!("{gru:?}");
    let weights = GruWeights::read("notebooks/your_gru.safetensors").unwrap();
    // pulses
    let mut x = Array3::<f32>::zeros((8, 100, 3));
    for b in 0..8 {
        for t in 0..100 {
            for k in 0..3 {
                let n = (b * 7919 + t * 104729 + k * 1299709 + 12345u64 as usize) % 97;
                if t == 0 {
                    x[[b, t, k]] = if (b >> k) & 1 == 1 { 1.0 } else { -1.0 };
                } else if n < 5 {
                    x[[b, t, k]] = if n % 2 == 0 { 1.0 } else { -1.0 };
                }
            }
        }
    }
    let run = gru.forward(x.view(), None).unwrap();
    let s = &run.states()[0];
    let states = Array2::from_shape_fn((800, 24), |(r, i)| f64::from(s[[r / 100, r % 100, i]]));
    let readout = gru.readout().unwrap().unwrap();
    let opts = DissectionOptions::new().with_readout(readout).with_states(states.clone());
    let t = std::time::Instant::now();
    let d = Dissection::new(&weights, &opts).unwrap();
    println!("{d:?} {:?}", t.elapsed());
    println!("{}", d.frame().unwrap());
    println!("{:?}", d.fixed_points[0]);
    println!("{}", d.modes_frame().unwrap());
    plot::dissection(&d).unwrap().save("/tmp/j/diss.png").unwrap();
    let t = std::time::Instant::now();
    let d1 = Dissection::new(&weights, &opts.clone().with_input(&[1.0, 0.0, 0.0])).unwrap();
    println!("{d1:?} {:?}", t.elapsed());
    println!("{}", d1.frame().unwrap());
}
