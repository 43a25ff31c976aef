//! Verdicts as a table.

use super::{Comparison, Verdict};
use crate::{
    record::{Summary, percent},
    report::grid::{Entry, Grid, Heading, Row},
};

/// Claimed and re-scored means in percent, and what follows.
pub fn grid(verdicts: &[Verdict]) -> Grid {
    let head = ["record", "claimed %", "95 % interval", "scored again %", "95 % interval", "difference", "verdict"];
    Grid {
        name: "verification".into(),
        caption: "Claims and what scoring them again gave".into(),
        head: vec![head.map(Heading::one).to_vec()],
        stub: 1,
        rows: verdicts.iter().map(row).collect(),
        notes: vec![format!(
            "difference: scored again less claimed, with Welch's 95 % interval, in points; a claim fails when the interval excludes zero and \
             the difference is above {:.0} point",
            Comparison::TOLERANCE * 100.0
        )],
    }
}

fn row(verdict: &Verdict) -> Row {
    let [claimed, interval] = verdict.claimed.as_ref().map(summary).unwrap_or_default();
    let mut entries = vec![Entry::new(verdict.record.as_str()), claimed, interval];
    match &verdict.found {
        Err(reason) => {
            entries.extend([Entry::default(), Entry::default(), Entry::default()]);
            entries.push(Entry::new(format!("fails: {reason}")));
        }
        Ok(found) => {
            entries.extend(summary(&found.again));
            let Comparison { difference, low, high } = found.comparison;
            entries.push(Entry::new(format!("{} ({} to {})", signed(difference), signed(low), signed(high))));
            let holds = if verdict.holds() { "holds" } else { "fails: the means disagree" };
            let images = if found.same_images { "" } else { "; other images than the claim's" };
            entries.push(Entry::new(format!("{holds}{images}")));
        }
    }
    Row::new(entries)
}

fn summary(summary: &Summary) -> [Entry; 2] {
    [percent::spread(summary.mean, summary.std), percent::ends(summary.interval, " to ")].map(Entry::new)
}

/// A fraction in points with its sign.
fn signed(fraction: f64) -> String {
    format!("{:+.2}", fraction * 100.0).replace('-', "−")
}
