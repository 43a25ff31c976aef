//! What is on disk, and what happens when it is damaged.

use super::*;
use compdd_core::files::LockError;

#[test]
fn bf16_is_half_as_large_and_close() {
    let root = tempfile::tempdir().unwrap();
    let single = train(&demand(), root.path());
    let half = train(&Demand { precision: Precision::Bf16, ..demand() }, root.path());
    for epoch in [0, 3, 6] {
        let pairs = single.snapshot(1, epoch).unwrap().into_iter().zip(half.snapshot(1, epoch).unwrap());
        for (exact, stored) in pairs {
            assert!((exact - stored).abs() <= exact.abs() / 256.0, "{exact} became {stored}");
        }
    }
    let images = 60;
    for (demand, buffer) in [(demand(), &single), (Demand { precision: Precision::Bf16, ..demand() }, &half)] {
        let cost = cost(&demand, &network(), images);
        let on_disk: u64 = (0..2)
            .map(|i| std::fs::metadata(buffer.path().join(format!("expert-{i:04}.safetensors"))).unwrap().len())
            .sum();
        assert_eq!((cost.bytes, buffer.manifest().bytes()), (on_disk, on_disk));
        assert_eq!((cost.epochs, cost.images), (12, 720));
    }
    let [single, half] = [&single, &half].map(|buffer| buffer.manifest().bytes() as f64);
    assert!((half / single - 0.5).abs() < 0.02);
    assert_eq!(cost(&gsam_demand(), &network(), images).images, 1440);
}

#[test]
fn published_sizes() {
    let size = |depth: usize, side, classes, epochs: &str| {
        let network = NetworkSpec::parse(&format!("convnet-d{depth}")).unwrap().build(3, side, classes).unwrap();
        let training = Training::datm();
        let epochs = epochs.parse().unwrap();
        let demand = Demand { training, experts: 100, epochs, precision: Precision::F32, seed: 0 };
        (cost(&demand, &network, 1).bytes as f64 / 1e8).round() / 10.0
    };
    // 100 experts, in GB: every epoch, as the released buffers hold.
    let nets = [(3, 32, 10), (4, 64, 200), (5, 128, 10)];
    let of = |epochs: &str| nets.map(|(depth, side, classes)| size(depth, side, classes, epochs));
    assert_eq!(of("0-50"), [6.5, 17.5, 12.6]);
    assert_eq!(of("0-100"), [12.9, 34.6, 24.9]);
    // The windows of the Comp-DD recipes at 1, 10 and 50 images per class, and the last epoch.
    let window = |end| Window { first: 0, end, span: 2 }.epochs().union(&[100].into_iter().collect()).to_string();
    assert_eq!(of(&window(10)), [1.7, 4.5, 3.2]);
    assert_eq!(of(&window(20)), [2.9, 7.9, 5.7]);
    assert_eq!(of(&window(40)), [5.5, 14.7, 10.6]);
}

#[test]
fn damaged_files_are_named() {
    let root = tempfile::tempdir().unwrap();
    let buffer = train(&demand(), root.path());
    let file = buffer.path().join("expert-0001.safetensors");
    let whole = std::fs::read(&file).unwrap();
    assert!(buffer.verify(|_| ()).is_ok());
    let open = |bytes: &[u8]| {
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, bytes).unwrap();
        Buffer::open(buffer.path())
    };
    let cut = open(&whole[..whole.len() - 4]).unwrap_err().to_string();
    assert!(cut.contains(&format!("has {} bytes instead of {}", whole.len() - 4, whole.len())), "{cut}");
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let error = open(&flipped).unwrap().verify(|_| ()).unwrap_err();
    assert!(matches!(error, ExpertError::Hash { .. }), "{error}");
    let mut renamed = whole.clone();
    let at = whole.windows(9).position(|window| window == b"snapshots").unwrap();
    renamed[at] = b'S';
    assert!(matches!(open(&renamed), Err(ExpertError::Format { .. })));
    // A deleted file is trained again, to the same bytes.
    std::fs::remove_file(&file).unwrap();
    assert_eq!(Buffer::open(buffer.path()).unwrap().len(), 1);
    train(&demand(), root.path());
    assert_eq!(std::fs::read(&file).unwrap(), whole);
    std::fs::write(buffer.path().join("manifest.json"), "{\"format\": \"x\", \"version\": 1}").unwrap();
    assert!(matches!(Buffer::open(buffer.path()), Err(ExpertError::Record(_))));
    assert!(matches!(Buffer::open(root.path()), Err(ExpertError::NotABuffer { .. })));
}

#[test]
fn one_process_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    let buffer = train(&demand(), root.path());
    let lock = std::fs::File::create(buffer.path().join("lock")).unwrap();
    lock.try_lock().unwrap();
    let (go, more) = (go(), Demand { experts: 3, ..demand() });
    let context = ExpertContext::new(Device::flex(), &go);
    let error = ensure(&more, &network(), &task(), root.path(), &context).unwrap_err();
    assert!(matches!(error, ExpertError::Lock(LockError::Busy { .. })), "{error}");
    // What is there can be used meanwhile.
    assert_eq!(train(&demand(), root.path()).len(), 2);
}

#[test]
fn the_schema_is_the_one_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/experts.schema.json");
    let text = serde_json::to_string_pretty(&Manifest::schema()).unwrap() + "\n";
    if std::env::var_os("COMPDD_UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "out of date: run `COMPDD_UPDATE_SCHEMAS=1 cargo test --release --lib the_schema`");
}
