//! What is read out of the text of an image: its version, and the parameters of its entries.

/// The version of the PTX language that an image asks for (`.version 8.4`), times ten.
pub fn version(image: &str) -> Option<u32> {
    let (major, minor) = image.split_once(".version ")?.1.lines().next()?.trim().split_once('.')?;
    Some(major.parse::<u32>().ok()? * 10 + minor.parse::<u32>().ok()?)
}

/// The newest PTX version that a driver reads, times ten (PTX ISA reference, release notes); `driver` as
/// `cuDriverGetVersion` writes it.
pub fn newest(driver: i32) -> u32 {
    match (driver / 1000, driver % 1000 / 10) {
        (13.., minor) => 90 + minor as u32,
        (12, minor @ 7..) => 79 + minor as u32,
        (12, 5 | 6) => 85,
        (12, minor) => 80 + minor as u32,
        _ => 78,
    }
}

/// Whether each parameter of an entry is an address (a scalar of 64 bits), in their order; `None` without such an entry.
/// Structures that are handed over by value are arrays of bytes.
pub fn addresses(image: &str, entry: &str) -> Option<Vec<bool>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    image.split(".entry").skip(1).find_map(|text| {
        let rest = text.trim_start().strip_prefix(entry).filter(|rest| !rest.starts_with(is_name))?;
        let Some(list) = rest.trim_start().strip_prefix('(') else { return Some(Vec::new()) };
        let list = list.split(')').next()?;
        let is_address = |param: &str| !param.contains('[') && (param.contains(".u64") || param.contains(".b64"));
        Some(list.split(',').filter(|param| param.contains(".param")).map(is_address).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &str = "//\n.version 8.4\n.target sm_90a\n.visible .entry add_two(\n\t.param .u64 add_two_param_0,\n\t.param .u32 \
         add_two_param_1,\n\t.param .align 64 .b8 add_two_param_2[128]\n)\n{ ret; }\n.entry add\n{ ret; }\n";

    #[test]
    fn an_entry_is_found_by_its_whole_name() {
        assert_eq!(addresses(IMAGE, "add_two"), Some(vec![true, false, false]));
        assert_eq!(addresses(IMAGE, "add"), Some(Vec::new()));
        assert_eq!(addresses(IMAGE, "add_t"), None);
    }

    #[test]
    fn a_driver_reads_what_its_own_compiler_writes() {
        assert_eq!(version(IMAGE), Some(84));
        for (driver, newest_version) in [(12000, 80), (12040, 84), (12060, 85), (12080, 87), (12090, 88), (13000, 90)] {
            assert_eq!(newest(driver), newest_version, "{driver}");
        }
    }
}
