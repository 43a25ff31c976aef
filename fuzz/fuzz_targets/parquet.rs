#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use compdd_data::data::parse::parquet::Shard;
use libfuzzer_sys::fuzz_target;

// A shard is listed, and its scores and a few images of every row group are read. Panics of the `parquet` crate are caught by the reader: the
// hook that ends the process at the first of them is taken off, and those that nobody catches still end it.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |bytes: &[u8]| {
    let file = Arc::new(Bytes::copy_from_slice(bytes));
    let Ok(shard) = Shard::open(&*file) else { return };
    let _ = shard.names();
    let _ = shard.labels(&file, &mut |_, _| Ok(()));
    let _ = shard.scores(&file);
    for (group, rows) in shard.groups().enumerate().take(4) {
        let wanted: Vec<u64> =
            [0, 1, 2, rows / 2, rows.saturating_sub(1)].into_iter().filter(|&row| row < rows).collect();
        let _ = shard.images(&file, group, &wanted, &mut |images| assert!(images.len() <= wanted.len()));
    }
});
