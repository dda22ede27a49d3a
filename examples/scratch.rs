use eigengate::data::mnist;
use eigengate::nn::*;
use eigengate::spectra::*;
use eigengate::train::Training;
use eigengate::attack::*;
fn main() -> eigengate::Result<()> {
    let args: Vec<f64> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let (n, width, epochs, batch, lr, beta) = (args[0] as usize, args[1] as usize, args[2] as usize, args[3] as usize, args[4], args[5]);
    let mnist = mnist::shipped()?;
    let train = mnist.train.take(n)?;
    let test = mnist.test.take(1000)?;
    for beta in [0.0, beta] {
        let mut net = Mlp::new(&[784, width, 10], Activation::Tanh, 1)?;
        let mut t = Training::new(epochs, batch).with_learning_rate(lr);
        if beta > 0.0 { t = t.with_penalty(SpectralPenalty::new(beta)); }
        let start = std::time::Instant::now();
        let h = t.run(&mut net, &train, Some(&test))?;
        for r in h.records() { if r.epoch % (epochs/5).max(1) == 0 { println!("{r:?}"); } }
        println!("beta {beta}: {:.1} s, alpha {:?}", start.elapsed().as_secs_f64(), spectrum(&net, &train)?.power_law(11, width.min(500)*7/10)?);
        let start = std::time::Instant::now();
        for attack in [&Fgsm as &dyn FixedEps, &Pgd::new()] {
            let c = attack_over_eps(&net, &test, attack, &[0.0, 0.02, 0.05, 0.1, 0.15])?.curve("");
            println!("{} {:?} {:.1}s", attack.name(), c.error, start.elapsed().as_secs_f64());
        }
    }
    Ok(())
}
