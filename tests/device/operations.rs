//! Every case of `compdd device test` keeps its tolerance.

use compdd::{agreement, feed::Form};

/// What cases are called that kernels of GPUs serve; there are none for duals of batch normalisation.
const FUSED: [&str; 6] = [
    "instance norm",
    "batch norm",
    "moments of channels",
    "block of the ConvNet",
    "cross-entropy with logits",
    "cross-entropy of many classes",
];

fn is_fused(name: &str) -> bool {
    FUSED.iter().any(|part| name.contains(part)) && !name.contains("dual batch norm")
}

#[test]
fn every_case_keeps_its_tolerance() {
    let Some(open) = crate::device() else { return };
    let found: Vec<_> = agreement::cases().iter().map(|case| case.compare(&open.device)).collect();
    let apart: Vec<_> = found.iter().filter(|comparison| !comparison.agrees()).collect();
    let worst = found.iter().filter_map(|comparison| comparison.difference).fold(0.0, f64::max);
    eprintln!("{}: {} cases, the largest difference {worst:.1e}", open.name, found.len());
    assert!(worst > 0.0, "the device under test is the CPU");
    assert!(apart.is_empty(), "{apart:#?}");
    // Afterwards, since it switches kernels off.
    let mut compared = 0;
    for case in agreement::cases().iter().filter(|case| is_fused(&case.name)) {
        let apart = case.between_forms(&open.device).unwrap();
        assert!(apart > 0.0 && apart <= case.tolerance, "{}: {apart:e} between its forms", case.name);
        compared += 1;
    }
    eprintln!("{compared} cases of fused kernels agree with their composed form");
}

/// Bytes are uploaded only where the device has them: shaders in WGSL have none.
#[test]
fn bytes_are_uploaded_where_the_device_has_them() {
    let Some(open) = crate::device() else { return };
    let has_bytes = open.device.supports_dtype(burn::tensor::DType::U8);
    assert_eq!(Form::of(&open.device) == Form::Device, has_bytes);
}
