#![no_main]

use compdd_data::data::parse::pickle::Pickle;
use libfuzzer_sys::fuzz_target;

// Whatever is read, every question may be asked of what a batch of CIFAR would hold.
fuzz_target!(|bytes: &[u8]| {
    let Ok(pickle) = Pickle::read(bytes) else { return };
    let root = pickle.root();
    for key in ["data", "labels", "fine_labels", "filenames", "label_names"] {
        let Some(value) = root.get(key) else { continue };
        if let Some(array) = value.as_array() {
            assert_eq!(array.dtype.bytes(&array.shape), Some(array.data.len() as u64));
            let _ = (array.integers(), array.texts());
        }
        for item in value.items().into_iter().flatten() {
            let _ = (item.kind(), item.as_int(), item.as_text(), item.as_bytes(), item.as_bool(), item.as_float());
        }
    }
});
