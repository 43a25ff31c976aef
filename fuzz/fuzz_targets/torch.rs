#![no_main]

use compdd_data::data::parse::torch::{TorchFile, Value};
use libfuzzer_sys::fuzz_target;

/// Lists in lists may hold themselves.
const DEEP: usize = 4;

fn visit(file: &TorchFile, value: Value<'_>, deep: usize) {
    if let Some(view) = value.as_tensor()
        && let Ok(tensor) = file.tensor(view)
    {
        assert_eq!(tensor.floats().len(), tensor.shape.iter().product::<usize>());
    }
    if deep < DEEP {
        value.items().into_iter().flatten().take(8).for_each(|item| visit(file, item, deep + 1));
        value.entries().take(8).for_each(|(_, item)| visit(file, item, deep + 1));
    }
}

// Both containers of `torch.save`, and every tensor that the first few values describe.
fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = TorchFile::open(bytes.to_vec()) else { return };
    let Ok(description) = file.description() else { return };
    visit(&file, description.root(), 0);
});
