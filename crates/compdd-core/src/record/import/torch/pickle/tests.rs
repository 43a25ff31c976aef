//! What programs of the language describe, and what of them is refused.

use super::*;
use crate::rng::Stream;

/// What `torch.save(torch.zeros(2, 3))` writes.
const TENSOR: &[u8] = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\x00((X\x07\x00\x00\x00storageq\x01ctorch\nFloatStorage\nq\x02X\x01\x00\x00\x000q\x03X\x03\x00\x00\x00cpuq\x04K\x06tq\x05QK\x00K\x02K\x03\x86q\x06K\x03K\x01\x86q\x07\x89ccollections\nOrderedDict\nq\x08)Rq\ttq\nRq\x0b.";

#[test]
fn a_tensor_is_described() {
    let Root::Tensor(tensor) = run(TENSOR).unwrap() else { panic!() };
    assert_eq!((&*tensor.storage, tensor.dtype, tensor.offset), ("0", DType::F32, 0));
    assert_eq!((tensor.shape, tensor.stride), (vec![2, 3], vec![3, 1]));
}

#[test]
fn numbers_are_read() {
    let number = |program: &[u8]| match run(program) {
        Ok(Root::Number(value)) => value,
        other => panic!("{other:?}"),
    };
    assert!((number(b"\x80\x02G?\xa0\x00\x00\x00\x00\x00\x00.") - 0.03125).abs() < 1e-12);
    assert!((number(b"\x80\x02\x8a\x01\xff.") + 1.0).abs() < 1e-12);
    assert!((number(b"\x80\x02J\xfe\xff\xff\xff.") + 2.0).abs() < 1e-12);
}

#[test]
fn other_objects_are_left_to_others_and_calls_are_not_made() {
    assert!(matches!(run(b"\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s."), Ok(Root::Other)));
    assert!(matches!(run(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R."), Ok(Root::Other)));
}

#[test]
fn lists_nest_and_may_hold_themselves() {
    let tensor = &TENSOR[2..TENSOR.len() - 1];
    let program = [b"\x80\x02]]]".as_slice(), tensor, b"a(", tensor, tensor, b"eaa."].concat();
    let nested = run_nested(&program).unwrap();
    assert_eq!((nested.len(), nested[0].len(), nested[0][0].len()), (1, 1, 3));
    assert!(run_nested(b"\x80\x02]q\x00h\x00a.").unwrap_err().contains("something else than tensors"));
    assert!(run_nested(TENSOR).unwrap_err().contains("no list of experts"));
    // A kilobyte that would unfold to billions of tensors.
    let many = |item: &[u8]| [b"](".as_slice(), &item.repeat(2000), b"e"].concat();
    let bomb =
        [b"\x80\x02", tensor, b"q\x00", &many(b"h\x00"), b"q\x01", &many(b"h\x01"), b"q\x02", &many(b"h\x02"), b"."];
    assert!(run_nested(&bomb.concat()).unwrap_err().contains("more than"));
}

/// Freed layer by layer, such a tower would overflow the stack.
#[test]
fn towers_of_tuples_are_refused() {
    let tower = |layers: usize| [b"\x80\x02N".as_slice(), &b"\x85".repeat(layers), b"."].concat();
    assert!(run(&tower(MOST_NESTED)).is_ok());
    for layers in [MOST_NESTED + 1, 200_000] {
        assert!(run(&tower(layers)).unwrap_err().contains("deep"));
    }
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
        drop(run(&program));
        drop(run_nested(&program));
    }
}
