//! Pickles of every protocol, and those that want more than data.

use super::{super::At, made, *};

fn refused(bytes: &[u8]) -> String {
    Pickle::read(bytes).unwrap_err().to_string()
}

/// What the fixtures hold: see `tests/fixtures/make_arrays.py`.
fn is_the_fixture(bytes: &[u8]) {
    let pickle = Pickle::read(bytes).unwrap();
    let root = pickle.root();
    let array = root.get("data").unwrap().as_array().unwrap();
    assert_eq!((array.shape.as_slice(), array.fortran, array.dtype.is_byte()), ([2, 12].as_slice(), false, true));
    assert_eq!(*array.data, std::array::from_fn::<u8, 24, _>(|i| 200 + i as u8));
    let labels: Vec<i64> = root.get("labels").unwrap().items().unwrap().filter_map(Value::as_int).collect();
    assert_eq!(labels, [7, -300, 1 << 40]);
    assert_eq!(root.get("wide").unwrap().as_array().unwrap().integers().unwrap(), [-2, 70_000]);
    let names: Vec<&str> = root.get("names").unwrap().items().unwrap().filter_map(Value::as_text).collect();
    assert_eq!(names, ["ship", "ship", "größe"]);
    let odd: Vec<Value> = root.get("odd").unwrap().items().unwrap().collect();
    assert!(odd[0].is_none() && odd[1].as_bool() == Some(true) && odd[2].as_float() == Some(0.5));
    assert_eq!(odd[3].as_bytes(), Some([0, 255].as_slice()));
    assert_eq!(root.get("data").unwrap().kind(), "an array");
    assert!(root.get("nothing").is_none() && odd[0].get("x").is_none() && odd[0].items().is_none());
}

#[test]
fn pickles_of_protocol_2_to_5_hold_the_same_values() {
    is_the_fixture(include_bytes!("../../../../../../tests/fixtures/arrays/protocol2.pickle"));
    is_the_fixture(include_bytes!("../../../../../../tests/fixtures/arrays/protocol4.pickle"));
    is_the_fixture(include_bytes!("../../../../../../tests/fixtures/arrays/protocol5.pickle"));
}

#[test]
fn batches_of_python_2_are_read() {
    let bytes = made::batch(&[1, 2, 3, 4, 5, 6], 3, &[("labels", &[9, 0])], &[("filenames", &["a.png", "b.png"])]);
    let pickle = Pickle::read(&bytes).unwrap();
    let array = pickle.root().get("data").unwrap().as_array().unwrap();
    assert_eq!((array.shape.as_slice(), &*array.data), ([2, 3].as_slice(), [1, 2, 3, 4, 5, 6].as_slice()));
    assert!(matches!(array.data, Cow::Borrowed(_)));
    let names: Vec<&str> =
        pickle.root().get("filenames").unwrap().items().unwrap().filter_map(Value::as_text).collect();
    assert_eq!(names, ["a.png", "b.png"]);
}

#[test]
fn the_protocol_for_humans_is_read() {
    // Python 2: pickle.dumps({'a': [1, 2L, True, 0.5, u'x', 'q\n\x00']})
    let pickle = Pickle::read(b"(dp0\nS'a'\np1\n(lp2\nI1\naL2L\naI01\naF0.5\naVx\np3\naS'q\\n\\x00'\np4\nas.").unwrap();
    let items: Vec<Value> = pickle.root().get("a").unwrap().items().unwrap().collect();
    assert_eq!((items[0].as_int(), items[1].as_int(), items[2].as_bool()), (Some(1), Some(2), Some(true)));
    assert_eq!(
        (items[3].as_float(), items[4].as_text(), items[5].as_bytes()),
        (Some(0.5), Some("x"), Some(b"q\n\0".as_slice()))
    );
}

#[test]
fn nothing_is_ever_called_but_what_makes_arrays() {
    let why = refused(b"cposix\nsystem\n(S'rm -rf ~'\ntR.");
    assert_eq!(why, "asks for posix.system, which is not needed for images and labels and is never called (at byte 0)");
    assert!(refused(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.").starts_with("asks for builtins.eval"));
    assert!(refused(b"cnumpy\nload\n.").starts_with("asks for numpy.load"));
    assert_eq!(refused(b"(iposix\nsystem\n."), "instruction 'i' builds no plain data (at byte 1)");
    assert_eq!(refused(b"K\x01)R."), "an integer is called (at byte 3)");
    assert_eq!(refused(b"cnumpy\nndarray\n)R."), "NdArray cannot be called with 0 values (at byte 16)");
    assert!(refused(b"cnumpy\ndtype\nU\x01O\x85R.").contains("neither numbers nor text"));
    assert!(refused(b"]K\x01b.").contains("the state of an object is an integer, not a tuple"));
    assert!(refused(b"]K\x01\x85b.").contains("a list cannot be given a state of 1 values"));
}

#[test]
fn an_array_has_the_bytes_that_its_shape_says() {
    let good = made::batch(&[1; 6], 3, &[], &[]);
    let place = good.windows(5).position(|window| window == b"J\x02\0\0\0").unwrap() + 1;
    let with = |rows: [u8; 4]| {
        let mut bytes = good.clone();
        bytes[place..place + 4].copy_from_slice(&rows);
        refused(&bytes)
    };
    assert!(with([3, 0, 0, 0]).contains("an array of shape [3, 3] has 6 bytes"), "{}", with([3, 0, 0, 0]));
    assert!(with([255; 4]).contains("a side of an array is -1"));
}

#[test]
fn what_is_cut_short_or_out_of_order_is_refused_with_its_place() {
    let good = made::batch(&[1; 300], 3, &[("labels", &[1; 100])], &[("filenames", &["x"; 100])]);
    for length in 0..good.len() {
        let error = Pickle::read(&good[..length]).unwrap_err();
        assert!(matches!(error.at, Some(At::Byte(at)) if at <= length as u64), "{length}: {error}");
    }
    assert_eq!(refused(b""), "the pickle ends before its end mark (at byte 0)");
    assert_eq!(refused(b"T\xff\xff\xff\xff."), "4294967295 bytes are announced, 1 are left (at byte 0)");
    assert_eq!(
        refused(b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff."),
        "18446744073709551615 bytes are announced, 1 are left (at byte 0)"
    );
    assert_eq!(refused(b"."), "the stack is empty (at byte 0)");
    assert_eq!(refused(b"](0."), "the stack is empty (at byte 2)");
    assert_eq!(refused(b"t."), "there is no mark on the stack (at byte 0)");
    assert_eq!(refused(b"(K\x01d."), "a key of a dictionary has no value (at byte 3)");
    assert_eq!(refused(b"h\x05."), "nothing was stored as 5 (at byte 0)");
    assert_eq!(refused(b"X\x01\0\0\0\xff."), "text is not UTF-8 (at byte 0)");
    assert_eq!(refused(b"\x8a\x09123456789."), "an integer of 9 bytes is too large (at byte 0)");
    assert_eq!(refused(b"I12x\n."), "\"12x\" is no integer of 64 bits (at byte 0)");
    assert_eq!(refused(b"NK\x01a."), "None is appended to (at byte 3)");
}

#[test]
fn sharing_and_cycles_cost_nothing() {
    // A list of a list of ... thirty times, each twice in the next: a thousand million leaves, thirty-one values.
    let mut bytes = b"]q\0".to_vec();
    for i in 0..30u8 {
        bytes.extend([b'h', i, b'h', i, 0x86, b'q', i + 1]);
    }
    bytes.push(b'.');
    assert_eq!(Pickle::read(&bytes).unwrap().values.len(), 31);
    let own = Pickle::read(b"]q\0h\0a.").unwrap();
    assert_eq!(own.root().items().unwrap().next().unwrap().at, own.root);
    let mut again = b"c_codecs\nencode\nq\0X\x20\0\0\0".to_vec();
    again.extend([b'a'; 32]);
    again.extend(b"U\x06latin1\x86q\x01R");
    for _ in 0..20 {
        again.extend(b"h\0h\x01R");
    }
    again.push(b'.');
    assert!(refused(&again).contains("the same bytes are made again and again"), "{}", refused(&again));
}
