//! Accuracy of methods on several networks, from records.

use std::{borrow::Borrow, collections::BTreeMap};

use super::{
    super::{ReportError, chart::NetworkValues},
    compare::{Aspect, alone, distilled, names, origin, same},
};
use compdd_core::record::Record;

/// Reads a row for each method and a column for each network. A set that was scored again on other networks is in the row of its method.
///
/// # Errors
/// When the records differ in subset, IPC, protocol, resolution or budget, and when a method has two of a network.
pub fn across_networks(records: &[impl Borrow<Record>]) -> Result<NetworkValues, ReportError> {
    let shown = distilled(records)?;
    same(&shown, &[Aspect::Subset, Aspect::Ipc, Aspect::Protocol, Aspect::Resolution, Aspect::Budget])?;
    let mut rows: BTreeMap<String, BTreeMap<String, Vec<&Record>>> = BTreeMap::new();
    for (record, name) in shown.iter().zip(names(&shown, &[Aspect::Network])) {
        rows.entry(name).or_default().entry(record.cell.network.clone()).or_default().push(record);
    }
    let mut networks: Vec<String> = shown.iter().map(|record| record.cell.network.clone()).collect();
    networks.sort();
    networks.dedup();
    let (mut methods, mut means) = (Vec::new(), Vec::new());
    for (method, cells) in rows {
        for (network, own) in &cells {
            alone(&format!("{method} on {network}"), own)?;
        }
        let mean = |network: &String| cells.get(network).and_then(|own| own.first()).map(|record| record.summary.mean);
        means.push(networks.iter().map(mean).collect());
        methods.push(method);
    }
    Ok(NetworkValues { methods, networks, means, origin: origin(&shown) })
}
