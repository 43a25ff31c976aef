//! Widths as multiples of the usual one, in hundredths: `-x0.5` in slugs.

/// The hundredths that a token such as `x0.5` stands for: positive, at most two decimals, below 100.
pub(super) fn parse(token: &str) -> Option<usize> {
    let digits = token.strip_prefix('x')?;
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(decimals) {
        return None;
    }
    let hundredths: usize = format!("{whole}{decimals:0<2}").parse().ok()?;
    (hundredths > 0).then_some(hundredths)
}

/// The token of so many hundredths, with one decimal where that is enough.
pub(super) fn token(hundredths: usize) -> String {
    let text = format!("x{}.{:02}", hundredths / 100, hundredths % 100);
    text.strip_suffix('0').unwrap_or(&text).to_owned()
}

/// `channels` times so many hundredths as a multiple of eight, at least eight and never a tenth less (arXiv 1801.04381, released code).
pub(super) fn channels(channels: usize, hundredths: usize) -> usize {
    let exact = channels * hundredths;
    let rounded = ((exact + 400) / 800 * 8).max(8);
    if 1000 * rounded < 9 * exact { rounded + 8 } else { rounded }
}
