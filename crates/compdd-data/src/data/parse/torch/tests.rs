//! What files of `torch.save` describe, and what of them is refused.

use compdd_core::rng::Stream;

use super::*;

/// What `torch.save(torch.zeros(2, 3))` writes.
const TENSOR: &[u8] = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\x00((X\x07\x00\x00\x00storageq\x01ctorch\nFloatStorage\nq\x02X\x01\x00\x00\x000q\x03X\x03\x00\x00\x00cpuq\x04K\x06tq\x05QK\x00K\x02K\x03\x86q\x06K\x03K\x01\x86q\x07\x89ccollections\nOrderedDict\nq\x08)Rq\ttq\nRq\x0b.";

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/import/other/");
    std::fs::read(format!("{folder}{name}")).unwrap()
}

#[test]
fn a_tensor_is_described() {
    let pickle = Pickle::read_torch(TENSOR).unwrap();
    let view = pickle.root().as_tensor().unwrap();
    assert_eq!((&*view.storage, view.element, view.offset), ("0", Element::F32, 0));
    assert_eq!((view.shape.as_slice(), view.stride.as_slice()), ([2, 3].as_slice(), [3, 1].as_slice()));
    assert_eq!(pickle.length(), TENSOR.len());
}

#[test]
fn numbers_are_read() {
    let number = |program: &[u8]| {
        let pickle = Pickle::read_torch(program).unwrap();
        pickle.root().as_float().or_else(|| pickle.root().as_int().map(|value| value as f64)).unwrap()
    };
    assert!((number(b"\x80\x02G?\xa0\x00\x00\x00\x00\x00\x00.") - 0.03125).abs() < 1e-12);
    assert!((number(b"\x80\x02\x8a\x01\xff.") + 1.0).abs() < 1e-12);
    assert!((number(b"\x80\x02J\xfe\xff\xff\xff.") + 2.0).abs() < 1e-12);
}

/// A checkpoint holds whatever its program kept in it: that does not hide its tensors, and nothing of it is called.
#[test]
fn unknown_objects_are_opaque_and_calls_are_not_made() {
    let opaque = |program: &[u8]| {
        let pickle = Pickle::read_torch(program).unwrap();
        assert_eq!(pickle.root().kind(), "an object of Python");
    };
    opaque(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.");
    opaque(b"\x80\x02cargparse\nNamespace\n)\x81}X\x02\x00\x00\x00lrK\x01sb.");
    opaque(b"\x80\x02\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x00.");
    let tensor = &TENSOR[2..TENSOR.len() - 1];
    let program = [b"\x80\x02}(X\x04\x00\x00\x00argscargparse\nNamespace\n)\x81X\x01\x00\x00\x00w", tensor, b"u."];
    let program = program.concat();
    let pickle = Pickle::read_torch(&program).unwrap();
    assert!(pickle.root().get("w").unwrap().as_tensor().is_some());
    assert_eq!(pickle.root().entries().map(|(name, _)| name).collect::<Vec<_>>(), ["args", "w"]);
}

/// The same tensor in both containers, and as a view whose strides are not those of its shape.
#[test]
fn containers_and_strides_make_no_difference() {
    let read = |name: &str| {
        let file = TorchFile::open(fixture(name)).unwrap();
        let description = file.description().unwrap();
        file.tensor(description.root().as_tensor().unwrap()).unwrap()
    };
    let expected: Vec<f32> = (0..20 * 48).map(|i| ((i * 37) % 101) as f32 / 25.0 - 2.0).collect();
    for name in ["legacy.pt", "view.pt", "protocol4.pt", "parameter.pt"] {
        let tensor = read(name);
        assert_eq!(tensor.shape, [20, 3, 4, 4], "{name}");
        assert!(tensor.floats().iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6), "{name}");
    }
    assert_eq!(read("double.pt").element, Element::F64);
}

#[test]
fn damage_is_found() {
    for name in ["legacy.pt", "view.pt"] {
        let whole = fixture(name);
        for length in (0..whole.len()).step_by(13).chain([whole.len() - 1]) {
            assert!(TorchFile::open(whole[..length].to_vec()).is_err(), "{name}, {length} bytes");
        }
    }
    let refused = |bytes: &[u8]| TorchFile::open(bytes.to_vec()).unwrap_err().to_string();
    assert!(refused(b"no archive").contains("torch.save"));
    let mut flipped = fixture("view.pt");
    flipped[1500] ^= 1;
    assert!(refused(&flipped).contains("`data/0` is damaged"));
    let mut version = fixture("legacy.pt");
    version[legacy::START.len() + 3] ^= 1;
    assert!(refused(&version).contains("version"));
    // A shape that repeats what is there, and one that reaches beyond it.
    let file = TorchFile::open(fixture("view.pt")).unwrap();
    let description = file.description().unwrap();
    let view = description.root().as_tensor().unwrap();
    let long = View { shape: vec![20, 1 << 40], stride: vec![0, 0], ..view.clone() };
    assert!(file.tensor(&long).unwrap_err().to_string().contains("repeats"));
    let far = View { offset: 1 << 40, ..view.clone() };
    assert!(file.tensor(&far).unwrap_err().to_string().contains("does not fit"));
}

/// Neither towers of tuples nor lists that hold themselves take more than they have bytes.
#[test]
fn towers_and_circles_are_harmless() {
    let tower = [b"\x80\x02N".as_slice(), &b"\x85".repeat(200_000), b"."].concat();
    assert_eq!(Pickle::read_torch(&tower).unwrap().root().kind(), "a tuple");
    let circle = Pickle::read_torch(b"\x80\x02]q\x00h\x00a.").unwrap();
    assert_eq!(circle.root().items().unwrap().next().unwrap().kind(), "a list");
}

#[test]
fn damaged_programs_end_without_a_panic() {
    let mut stream = Stream::new(0, "damage", 0);
    for _ in 0..20_000 {
        let mut program = TENSOR.to_vec();
        for _ in 0..=stream.below(4) {
            let at = stream.below(program.len());
            program[at] = stream.below(256) as u8;
        }
        program.truncate(stream.below(program.len() * 2).max(1));
        drop(Pickle::read_torch(&program));
    }
}
