//! Cost and accuracy, from records and the timing files beside them.

use std::{borrow::Borrow, collections::BTreeMap};

use super::{
    super::{
        ReportError,
        chart::{CostPoint, CostValues, counted},
    },
    compare::{Aspect, alone, distilled, measured, names, origin, same},
};
use compdd_core::record::{Record, RecordError, Timing};

const SECONDS: f64 = 3600.0;

/// Reads the points of records whose distillation was timed on one kind of device, `timing` says how long. A run that found its set finished measured no time and is
/// left out; the chart's note counts them. `device` chooses among several.
///
/// # Errors
/// When the records differ in subset, IPC, protocol, resolution, budget or network, when they were timed on several devices, when a method has
/// two of them, and when none was timed.
pub fn cost(
    records: &[impl Borrow<Record>],
    timing: impl Fn(&Record) -> Result<Option<Timing>, RecordError>,
    device: Option<&str>,
) -> Result<CostValues, ReportError> {
    let all = distilled(records)?;
    let mut timed: BTreeMap<String, Vec<(&Record, f64)>> = BTreeMap::new();
    for record in &all {
        let Some(timing) = timing(record)? else { continue };
        let Some(seconds) = timing.distill_seconds.filter(|seconds| *seconds > 0.0) else { continue };
        timed.entry(machine(&timing)).or_default().push((record, seconds));
    }
    if let Some(device) = device {
        timed.retain(|machine, _| machine.starts_with(device));
    }
    if timed.len() > 1 {
        let found = timed.into_keys().collect();
        return Err(ReportError::Mixed { what: "devices", flag: "--timed-on", found });
    }
    let Some((device, timed)) = timed.into_iter().next() else {
        return Err(ReportError::NoRecord {
            why: format!(
                "no distillation among {} was timed{}",
                all.len(),
                device.map_or_else(String::new, |d| format!(" on {d}"))
            ),
            help: "times are measured by the run that makes a set, and lie in the timing file beside its record"
                .to_owned(),
        });
    };
    let shown: Vec<&Record> = timed.iter().map(|(record, _)| *record).collect();
    same(
        &shown,
        &[Aspect::Subset, Aspect::Ipc, Aspect::Protocol, Aspect::Resolution, Aspect::Budget, Aspect::Network],
    )?;
    let mut places: BTreeMap<String, Vec<(&Record, f64)>> = BTreeMap::new();
    for (name, own) in names(&shown, &[]).into_iter().zip(timed) {
        places.entry(name).or_default().push(own);
    }
    let mut points = Vec::new();
    for (name, own) in places {
        alone(&name, &own.iter().map(|(record, _)| *record).collect::<Vec<_>>())?;
        points.extend(own.into_iter().map(|(record, seconds)| CostPoint {
            name: name.clone(),
            hours: seconds / SECONDS,
            measured: measured(record),
        }));
    }
    let mut origin = origin(&shown);
    if shown.len() < all.len() {
        let left = counted(all.len() - shown.len(), "record");
        origin.remarks.push(format!("{left} without a time left out"));
    }
    Ok(CostValues { points, device, origin })
}

/// What computed: a GPU by its name, a CPU by its threads.
fn machine(timing: &Timing) -> String {
    match timing.threads {
        Some(threads) if timing.device == "cpu" => format!("cpu ({threads} threads)"),
        _ => timing.device.clone(),
    }
}
