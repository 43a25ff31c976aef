//! Small numbers as Parquet packs them: runs of one value, and groups of eight values of a few bits each.

use bytes::Bytes;

/// The numbers of a page, one after the other.
#[derive(Debug)]
pub(super) struct Hybrid {
    data: Bytes,
    at: usize,
    /// Bits of a number, at most 32.
    width: u32,
    run: Run,
}

#[derive(Clone, Copy, Debug)]
enum Run {
    Repeated { value: u32, left: u64 },
    Packed { bit: u64, left: u64 },
}

impl Hybrid {
    /// Numbers of `width` bits; `None` where that is more than 32.
    pub fn new(data: Bytes, width: u32) -> Option<Self> {
        (width <= 32).then_some(Self { data, at: 0, width, run: Run::Repeated { value: 0, left: 0 } })
    }

    /// The next number; `None` where the data end.
    pub fn next(&mut self) -> Option<u32> {
        loop {
            match &mut self.run {
                Run::Repeated { left: 0, .. } | Run::Packed { left: 0, .. } => self.run = self.next_run()?,
                Run::Repeated { value, left } => {
                    *left -= 1;
                    return Some(*value);
                }
                Run::Packed { bit, left } => {
                    let (place, shift) = ((*bit / 8) as usize, *bit % 8);
                    // A number of 32 bits touches at most five bytes.
                    let mut bytes = [0; 8];
                    let end = self.data.len().min(place + 5);
                    bytes[..end - place].copy_from_slice(&self.data[place..end]);
                    let mask = (1_u64 << self.width) - 1;
                    *left -= 1;
                    *bit += u64::from(self.width);
                    return Some(((u64::from_le_bytes(bytes) >> shift) & mask) as u32);
                }
            }
        }
    }

    fn next_run(&mut self) -> Option<Run> {
        let header = self.variable()?;
        let rest = (self.data.len() - self.at) as u64;
        if header & 1 == 1 {
            let bit = self.at as u64 * 8;
            let bytes = (header >> 1).checked_mul(u64::from(self.width))?;
            // The last group may be cut where no more values follow.
            let (bytes, left) =
                if bytes <= rest { (bytes, (header >> 1) * 8) } else { (rest, rest * 8 / u64::from(self.width)) };
            self.at += bytes as usize;
            return Some(Run::Packed { bit, left });
        }
        let bytes = self.width.div_ceil(8) as usize;
        let mut value = [0; 4];
        value[..bytes].copy_from_slice(self.data.get(self.at..self.at + bytes)?);
        self.at += bytes;
        Some(Run::Repeated { value: u32::from_le_bytes(value), left: header >> 1 })
    }

    /// An integer of seven bits a byte, least significant first.
    fn variable(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = *self.data.get(self.at)?;
            self.at += 1;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(data: &'static [u8], width: u32, most: usize) -> Vec<u32> {
        let mut numbers = Hybrid::new(Bytes::from_static(data), width).unwrap();
        std::iter::from_fn(|| numbers.next()).take(most).collect()
    }

    #[test]
    fn runs_and_groups_of_the_specification() {
        // The example of the format: 0 to 7 in three bits each.
        assert_eq!(all(&[3, 0b1000_1000, 0b1100_0110, 0b1111_1010], 3, 99), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(all(&[10, 2, 4, 1], 2, 99), [2, 2, 2, 2, 2, 1, 1]);
        assert_eq!(all(&[4, 0x34, 0x12], 13, 99), [0x1234, 0x1234]);
        assert_eq!(all(&[3, 1, 0, 0, 0, 255, 255, 255, 255], 32, 2), [1, u32::MAX]);
        assert_eq!(all(&[0x80, 1], 0, 99), [0; 64]);
        assert_eq!(all(&[3], 0, 99), [0; 8]);
    }

    #[test]
    fn what_is_cut_ends_and_nothing_else() {
        assert_eq!(all(&[], 3, 9), Vec::<u32>::new());
        assert_eq!(all(&[0, 0, 0], 1, 9), Vec::<u32>::new());
        assert_eq!(all(&[0x80], 3, 9), Vec::<u32>::new());
        assert_eq!(all(&[10], 2, 9), Vec::<u32>::new());
        assert_eq!(all(&[5, 0b1110_0100], 2, 99), [0, 1, 2, 3]);
        assert_eq!(all(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1, 9), Vec::<u32>::new());
        assert!(Hybrid::new(Bytes::new(), 33).is_none());
    }
}
