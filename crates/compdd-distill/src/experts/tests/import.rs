//! Buffers that were saved by `PyTorch`: `tests/data/import/experts`, written by `tests/data/import/make.py`.

use std::path::PathBuf;

use super::*;

fn saved(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/import/experts").join(name)
}

fn small() -> Network {
    NetworkSpec::parse("convnet-d1-w2").unwrap().build(3, 8, 10).unwrap()
}

fn take(files: &[&str], root: &Path) -> Result<Buffer, ExpertError> {
    let files: Vec<PathBuf> = files.iter().map(|name| saved(name)).collect();
    let network = small();
    let options =
        ImportExperts { network: &network, subset: "scenes-easy@1".into(), zca: true, precision: Precision::F32 };
    import(&files, &options, root)
}

#[test]
fn files_of_the_lineage_become_a_buffer() {
    let root = tempfile::tempdir().unwrap();
    let buffer = take(&["replay_buffer_0.pt", "replay_buffer_1.pt"], root.path()).unwrap();
    assert_eq!((buffer.len(), buffer.epochs().to_string()), (3, "0-1".into()));
    assert_eq!(buffer.manifest().experts[0].epochs.to_string(), "0-2");
    // The script fills snapshot `s` with ((start + i) mod 97) / 64 - 0.75, tensor after tensor.
    let expected = |start: usize| (0..small().parameter_count()).map(move |i| ((start + i) % 97) as f32 / 64.0 - 0.75);
    for (expert, epoch, start) in [(0, 0, 0), (0, 2, 22), (1, 1, 44), (2, 1, 77)] {
        let values = buffer.snapshot(expert, epoch).unwrap();
        assert_eq!(values, expected(start).collect::<Vec<_>>(), "expert {expert}, epoch {epoch}");
    }
    let params = buffer.params(&small(), 1, 1, &Device::flex()).unwrap();
    assert_eq!(params.get("features.0.bias").unwrap(), expected(44).skip(54).take(2).collect::<Vec<_>>());
    assert_eq!((buffer.manifest().pixel_space.as_str(), buffer.manifest().training.is_none()), ("zca", true));
    assert!(buffer.verify(|_| ()).is_ok());

    let again = take(&["replay_buffer_0.pt", "replay_buffer_1.pt"], root.path()).unwrap();
    assert_eq!(again.path(), buffer.path());
    assert_eq!(list(root.path()).unwrap(), [buffer.path()]);
    assert!(list(&root.path().join("none")).unwrap().is_empty());
}

#[test]
fn foreign_files_are_refused_with_a_reason() {
    let root = tempfile::tempdir().unwrap();
    let message = |name: &str| take(&[name], root.path()).unwrap_err().to_string();
    let other = message("other_network.pt");
    assert!(
        other.contains("expert 0, snapshot 0: `classifier.weight` has shape [4, 32], expected [10, 32]"),
        "{other}"
    );
    let nan = message("not_a_number.pt");
    assert!(nan.contains("expert 0, snapshot 0: it holds"), "{nan}");
    let tensor = message("../edf/images_best.pt");
    assert!(tensor.contains("is no buffer of experts saved by torch.save: it is no list of experts"), "{tensor}");
    assert!(message("nothing.pt").contains("cannot read"));
    assert!(list(root.path()).unwrap().is_empty(), "nothing is left behind");
}
