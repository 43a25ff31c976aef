//! `metrics`: the measures of DD-Ranking, the recovery ratio, and what a summary says of several scores.

use compdd::{
    board::dd_ranking::{alpha, ars, beta, hlr, ior, lrs},
    record::{
        Accuracy, Summary,
        example::{cell, record},
    },
};

use super::Case;

/// `metrics`.
pub fn scores(case: &Case) -> Result<(), String> {
    let read = |name: &str| -> Result<Vec<f64>, String> {
        Ok(case.f32(&format!("in.{name}"))?.0.into_iter().map(f64::from).collect())
    };
    let check =
        |name: &str, values: &[f64]| case.check(name, &values.iter().map(|value| *value as f32).collect::<Vec<_>>());
    let each = |f: fn(f64, f64) -> f64, a: &[f64], b: &[f64]| -> Vec<f64> {
        a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()
    };
    let (full, hard) = (read("full_hard")?, read("syn_hard")?);
    let (any, random) = (read("syn_any")?, read("rnd_any")?);
    let (recovered, gained) = (each(hlr, &full, &hard), each(ior, &any, &random));
    check("hlr", &recovered)?;
    check("ior", &gained)?;
    check("alpha", &each(alpha, &recovered, &gained))?;
    check("lrs", &each(lrs, &recovered, &gained))?;
    let with = each(ior, &read("syn_aug")?, &read("rnd_aug")?);
    let without = each(ior, &read("syn_naug")?, &read("rnd_naug")?);
    check("beta", &each(beta, &with, &without))?;
    check("ars", &each(ars, &with, &without))?;

    let scored = |value: f64| record(cell(), &[value]);
    let ratio = |(set, full): (&f64, &f64)| {
        let recovery = scored(*set).recovery_from(&scored(*full)).ok_or("no recovery ratio")?;
        Ok::<_, String>(100.0 * recovery.ratio)
    };
    check("recovery_ratio", &any.iter().zip(&full).map(ratio).collect::<Result<Vec<_>, _>>()?)?;
    let fractions = read("acc")?.into_iter().map(Accuracy::new).collect::<Result<Vec<_>, _>>();
    let summary = fractions.ok().and_then(|fractions| Summary::of(&fractions)).ok_or("no summary")?;
    check("mean", &[summary.mean])?;
    check("std_population", &[summary.std_population])?;
    check("std_sample", &[summary.std.ok_or("no deviation")?])
}
