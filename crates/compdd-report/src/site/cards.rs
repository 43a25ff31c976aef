//! The documents that ship with compdd: method cards and protocols.

/// The card of a method.
pub(super) fn method(slug: &str) -> Option<&'static str> {
    METHODS.iter().find(|(known, _)| *known == slug).map(|(_, text)| *text)
}

/// The page of a protocol, or of several.
pub(super) fn protocol(slug: &str) -> Option<&'static str> {
    PROTOCOLS.iter().find(|(known, _)| *known == slug).map(|(_, text)| *text)
}

macro_rules! cards {
    ($folder:literal, $($slug:literal => $file:literal),+ $(,)?) => {
        &[$(($slug, include_str!(concat!("../../../../docs/", $folder, "/", $file, ".md")))),+]
    };
}

static METHODS: &[(&str, &str)] = cards!("methods",
    "random" => "random", "herding" => "herding", "k-center" => "k-center", "craig" => "craig", "gradmatch" => "gradmatch", "glister" => "glister", "forgetting" => "forgetting", "el2n" => "el2n", "rded" => "rded", "sre2l" => "sre2l", "cda" => "cda", "gvbsm" => "gvbsm", "edc" => "edc", "dc" => "dc", "dsa" => "dsa", "idc-i" => "idc", "idc" => "idc",
    "cafe" => "cafe", "dm" => "dm", "datadam" => "datadam", "idm" => "idm", "mmd" => "mmd", "mtt" => "mtt", "tesla" => "tesla",
    "ftd" => "ftd", "datm" => "datm", "pad" => "pad", "edf" => "edf", "full" => "full",
);

/// In the order of the list on the site.
pub(super) static PROTOCOLS: &[(&str, &str)] = cards!("protocols", "no-kd" => "no-kd", "no-kd-variants" => "no-kd-variants", "kd-online" => "kd-online", "kd-rded" => "kd-rded", "soft" => "soft", "regimes" => "regimes");

#[cfg(test)]
mod tests {
    #[test]
    fn every_method_has_a_card() {
        for method in compdd_core::recipe::methods() {
            assert!(super::method(method.slug).is_some_and(|card| card.starts_with("# ")), "{}", method.slug);
        }
    }
}
