//! Documents of the repository as HTML: method cards and protocols.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::cards;

/// HTML of a document whose pages stand one folder below the site's root.
///
/// Links between documents lead to their pages here; those to documents that have none become plain words.
pub(super) fn html(text: &str) -> String {
    let mut dropped = Vec::new();
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let target = target(&dest_url);
            dropped.push(target.is_none());
            let dest_url = CowStr::from(target?);
            Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        Event::End(TagEnd::Link) if dropped.pop() == Some(true) => None,
        other => Some(other),
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out.replace("<table>", "<div class=\"wide\" role=\"region\" aria-label=\"Table\" tabindex=\"0\"><table>")
        .replace("</table>", "</table></div>")
}

/// Where a link leads on the site; none where it does not.
fn target(link: &str) -> Option<String> {
    if link.starts_with("https://") || link.starts_with("http://") || link.starts_with('#') {
        return Some(link.to_owned());
    }
    let name = link.split('#').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let slug = name.strip_suffix(".md")?;
    if cards::protocol(slug).is_some() {
        return Some(format!("../protocols/{slug}.html"));
    }
    let method = compdd_core::recipe::method(slug).ok()?;
    Some(format!("../methods/{}.html", method.slug))
}

/// The words of a document's first heading.
pub(super) fn heading(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default();
    line.replace('`', "")
}

/// A document without its first heading, which the page has already.
pub(super) fn body(text: &str) -> &str {
    match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("# ") => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_pages_or_nowhere() {
        let text = "See [datm](datm.md), [the protocol](../protocols/no-kd.md), [cam](../cam.md#x) and [web](https://example.org).";
        let html = html(text);
        assert_eq!(
            html.trim(),
            "<p>See <a href=\"../methods/datm.html\">datm</a>, <a href=\"../protocols/no-kd.html\">the protocol</a>, cam and <a href=\"https://example.org\">web</a>.</p>"
        );
        assert_eq!((heading("# `a`: b\nc"), body("# a\nb")), ("a: b".into(), "b"));
    }
}
