//! No attack gets below the bounds of trained networks, and bounds are not empty.

use crate::bounds::above;
use crate::nets::trained;
use eigengate::Result;
use eigengate::attack::{Batch, Fgsm, FixedEps, IntervalBounds, Pgd, attack_over_eps};

#[test]
fn no_attack_gets_below_the_bound() -> Result<()> {
    let (nets, data) = trained();
    for (name, net) in nets {
        let bounds = IntervalBounds::new(net.as_ref())?;
        for eps in [0.0005, 0.004, 0.02] {
            let bound = bounds.margins(Batch::of(data), eps)?;
            let attacks: [Box<dyn FixedEps>; 2] =
                [Box::new(Fgsm), Box::new(Pgd::new().with_steps(20).with_restarts(2))];
            for attack in attacks {
                let found = attack.attack(net.attacked(), data, eps)?;
                above(name, net.as_ref(), found.images.view(), data.labels(), &bound);
            }
        }
    }
    Ok(())
}

#[test]
fn between_attack_and_proof_lies_the_truth() -> Result<()> {
    let (nets, data) = trained();
    let eps = [0.0, 0.0005, 0.003, 0.01, 0.03];
    for (name, net) in nets {
        let attacked = attack_over_eps(net.attacked(), data, &Pgd::new(), &eps)?.curve("");
        let proved = IntervalBounds::new(net.as_ref())?.curve("", data, &eps)?;
        for (error, accuracy) in attacked.error.iter().zip(&proved.accuracy) {
            assert!(*accuracy <= 1.0 - error + 1e-9, "{name}: {proved:?} {attacked:?}");
        }
        // For small balls they all but meet: bounds are of use.
        assert!(proved.accuracy[1] > 0.75 * (1.0 - attacked.error[1]), "{name}: {proved:?} {attacked:?}");
        assert!(attacked.error[4] > attacked.error[0]);
    }
    Ok(())
}
