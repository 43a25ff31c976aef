//! What other files name can be run.

use compdd_core::{protocol::Protocol, record::PublishedRow};
use compdd_nn::nn::NetworkSpec;

#[test]
fn published_rows_name_networks_and_protocols_that_exist() {
    for row in PublishedRow::all().unwrap() {
        let name = format!("{} {} {}", row.method, row.subset, row.ipc);
        assert!(NetworkSpec::parse(&row.network).is_ok(), "{name}");
        let protocol = row.protocol.as_deref();
        assert!(protocol.is_none_or(|slug| Protocol::find(slug).is_some()), "{name}");
    }
}
