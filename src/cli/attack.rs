//! `compdd attack`: students of stored sets under attack.

use clap::Args;
use compdd::{
    attack::AttackKind,
    record::Epsilon,
    report::robustness_grid,
    run::{self, AttackOptions},
};

use super::{
    progress::Bars,
    signals,
    students::{ReportArgs, StudentsArgs},
    ui::Outcome,
};

#[derive(Args)]
#[command(after_help = "Examples:
  compdd attack BUNDLE --attacks fgsm,pgd --epsilon 1/255,2/255 --images 500
  compdd attack EDC-BUNDLE SRE2L-BUNDLE --protocol kd-edc --teacher one,two --network resnet18-bn --format md --out robustness.md

The students are those of `compdd eval`; they are trained once and kept below RESULTS/students, so that other attacks find them.")]
pub struct AttackArgs {
    /// fgsm, pgd, cw, vmi, jitter, apgd-ce, apgd-dlr, apgd-t, square or autoattack, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "fgsm,pgd,cw,vmi,jitter,autoattack", value_name = "ATTACKS")]
    attacks: Vec<AttackKind>,
    /// Largest changes of a pixel on the scale 0..1, separated by commas; `cw` has none
    #[arg(long, value_delimiter = ',', default_value = "2/255", value_name = "EPSILONS")]
    epsilon: Vec<Epsilon>,
    /// Test images that are attacked, of every class alike [default: all]
    #[arg(long, value_name = "N")]
    images: Option<usize>,
    /// Steps, or queries, of every attack [default: as published]
    #[arg(long, value_name = "N")]
    iterations: Option<usize>,
    /// Images that are attacked together
    #[arg(long, value_name = "N", default_value_t = 64)]
    attack_batch: usize,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    students: StudentsArgs,
}

impl AttackArgs {
    pub fn execute(self) -> Outcome {
        let stop = signals::stop()?;
        let options = AttackOptions {
            students: self.students.options()?,
            attacks: self.attacks,
            epsilons: self.epsilon,
            images: self.images,
            iterations: self.iterations,
            batch: self.attack_batch,
        };
        self.report.deliver(&run::attack(&options, &Bars::new(), &stop)?, robustness_grid)
    }
}
