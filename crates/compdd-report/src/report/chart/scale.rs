//! Numbers along an axis: where they lie, which of them are written, and how.

/// A range of numbers and the pixels it covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct Scale {
    pub range: [f64; 2],
    pub pixels: [f64; 2],
}

impl Scale {
    /// The pixel of a number.
    pub fn at(&self, value: f64) -> f64 {
        let ([low, high], [from, to]) = (self.range, self.pixels);
        from + (value - low) / (high - low) * (to - from)
    }
}

/// Numbers at even steps of 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) struct Ticks {
    step: f64,
}

impl Ticks {
    /// Steps by which a range has about `wanted` numbers.
    pub fn for_range([low, high]: [f64; 2], wanted: usize) -> Self {
        let rough = (high - low) / wanted as f64;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough * 0.999);
        Self { step: step.unwrap_or(10.0 * power) }
    }

    /// Steps of one at least, for things that are counted.
    pub fn whole(self) -> Self {
        Self { step: self.step.max(1.0) }
    }

    /// The range with its ends moved outwards to the next steps.
    pub fn around(self, [low, high]: [f64; 2]) -> [f64; 2] {
        [(low / self.step).floor() * self.step, (high / self.step).ceil() * self.step]
    }

    /// The numbers inside a range.
    pub fn inside(self, [low, high]: [f64; 2]) -> Vec<f64> {
        let first = (low / self.step - 1e-9).ceil() as i64;
        let last = (high / self.step + 1e-9).floor() as i64;
        (first..=last).map(|k| k as f64 * self.step).collect()
    }

    /// A number with as many digits as the step needs; thousands are set apart.
    pub fn write(self, value: f64) -> String {
        let digits = (-self.step.log10().floor()).max(0.0) as usize;
        let text = format!("{value:.digits$}");
        let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
        let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("−", whole));
        let mut apart = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && whole.len() > 4 && (whole.len() - place).is_multiple_of(3) {
                apart.push('\u{202f}');
            }
            apart.push(digit);
        }
        let rest = rest.map_or_else(String::new, |rest| format!(".{rest}"));
        format!("{sign}{apart}{rest}")
    }
}

/// A range around numbers that begins and ends with a step; wide enough to be divided even where they are all equal.
pub(in crate::report) fn range_of(values: impl Iterator<Item = f64>, wanted: usize) -> [f64; 2] {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let (low, high) = if high - low < 1e-9 { (low - 0.5, high + 0.5) } else { (low, high) };
    let around = |range| Ticks::for_range(range, wanted).around(range);
    // The wider range may have wider steps: its ends are to be steps of its own.
    around(around([low, high]))
}
