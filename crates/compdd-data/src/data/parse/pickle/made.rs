//! Pickles as Python 2 wrote them, instruction by instruction: the form in which CIFAR is handed out.

/// A batch of images: `data` of `[records, row]` bytes, then lists of numbers and lists of text by name.
pub fn batch(data: &[u8], row: usize, numbers: &[(&str, &[u8])], texts: &[(&str, &[&str])]) -> Vec<u8> {
    let mut out =
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04".to_vec();
    out.extend(b"K\x00\x85U\x01b\x87Rq\x05(K\x01J");
    out.extend(((data.len() / row) as u32).to_le_bytes());
    out.push(b'J');
    out.extend((row as u32).to_le_bytes());
    out.extend(b"\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out.extend(b"tb");
    for (name, values) in numbers {
        text(&mut out, name);
        out.extend(b"](");
        for &value in *values {
            out.extend([b'K', value]);
        }
        out.push(b'e');
    }
    for (name, values) in texts {
        text(&mut out, name);
        out.extend(b"](");
        for value in *values {
            text(&mut out, value);
        }
        out.push(b'e');
    }
    out.extend(b"u.");
    out
}

/// A dictionary with one list of text, as `batches.meta` is.
pub fn meta(key: &str, names: &[&str]) -> Vec<u8> {
    let mut out = b"\x80\x02}q\x01(".to_vec();
    text(&mut out, key);
    out.extend(b"](");
    for name in names {
        text(&mut out, name);
    }
    out.extend(b"eu.");
    out
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend([b'U', text.len() as u8]);
    out.extend(text.as_bytes());
}
