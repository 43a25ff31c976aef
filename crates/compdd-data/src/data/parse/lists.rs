//! Text files that say which class an image has, or which classes there are.

use std::collections::BTreeMap;

use super::{ParseError, is_synset};

/// The synset of every image, by the name of its file without folders and ending.
pub type Labels = BTreeMap<String, String>;

/// Images in the validation split of `ImageNet`, which lists in validation order have to cover.
pub const VALIDATION: usize = 50_000;

/// `LOC_val_solution.csv`: `ImageId,PredictionString`, the first word of the prediction being the synset.
pub fn kaggle_solution(file: &[u8]) -> Result<Labels, ParseError> {
    let mut reader = csv::ReaderBuilder::new().from_reader(file);
    let unreadable = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        ParseError::line(line, format!("not the two columns ImageId,PredictionString: {error}"))
    };
    let header = reader.headers().map_err(unreadable)?;
    if header.iter().map(|name| name.trim_start_matches('\u{feff}').trim()).ne(["ImageId", "PredictionString"]) {
        return Err(ParseError::line(1, "the header is not ImageId,PredictionString"));
    }
    let mut labels = Labels::new();
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let line = row.position().map_or(0, csv::Position::line);
        let synset = row[1].split_whitespace().next().unwrap_or_default();
        insert(&mut labels, line, &row[0], synset)?;
    }
    Ok(labels)
}

/// A list of the validation images: [`VALIDATION`] synsets, one a line, in the order of the images, or lines of a file name
/// and its synset (what follows is ignored, as in `val_annotations.txt` of Tiny-ImageNet).
pub fn synsets(text: &str) -> Result<Labels, ParseError> {
    let lines = || numbered(text);
    let alone = lines().next().is_none_or(|(_, line)| words(line).nth(1).is_none());
    let mut labels = Labels::new();
    if alone {
        for (i, (number, line)) in lines().enumerate() {
            insert(&mut labels, number, &validation_name(i + 1), line)?;
        }
        whole(labels.len(), "synsets")?;
    } else {
        for (number, line) in lines() {
            let mut words = words(line);
            let (name, synset) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            insert(&mut labels, number, name, synset)?;
        }
    }
    Ok(labels)
}

/// `ILSVRC2012_validation_ground_truth.txt`: an `ILSVRC2012_ID` a line, in the order of the images; `synsets` are those of the ids from 1 on.
pub fn ground_truth(text: &str, synsets: &[&str]) -> Result<Labels, ParseError> {
    let mut labels = Labels::new();
    for (i, (number, line)) in numbered(text).enumerate() {
        let synset = line.parse().ok().and_then(|id: usize| synsets.get(id.checked_sub(1)?)).ok_or_else(|| {
            let range = format!("a number from 1 to {}", synsets.len());
            ParseError::line(number, format!("{line:?} is no ILSVRC2012_ID, which is {range}"))
        })?;
        insert(&mut labels, number, &validation_name(i + 1), synset)?;
    }
    whole(labels.len(), "ids")?;
    Ok(labels)
}

/// A list of classes, one a line: where a line begins with a synset, the synset (`n01440764 tench, Tinca tinca`), else the
/// whole line.
pub fn classes(text: &str) -> Result<Vec<String>, ParseError> {
    let mut classes: Vec<String> = Vec::new();
    let mut lines = BTreeMap::new();
    for (number, line) in numbered(text) {
        let first = words(line).next().unwrap_or_default();
        let class = if is_synset(first.as_bytes()) { first } else { line };
        if let Some(other) = lines.insert(class, number) {
            return Err(ParseError::line(number, format!("{class:?} is in line {other} already")));
        }
        classes.push(class.to_owned());
    }
    if classes.is_empty() {
        return Err(ParseError::new("names no class"));
    }
    Ok(classes)
}

/// The name of a validation image, counted from 1, without its ending.
fn validation_name(number: usize) -> String {
    format!("ILSVRC2012_val_{number:08}")
}

fn insert(labels: &mut Labels, line: u64, image: &str, synset: &str) -> Result<(), ParseError> {
    if !is_synset(synset.as_bytes()) {
        return Err(ParseError::line(line, format!("{synset:?} is no synset, which is n and eight digits")));
    }
    let image = image.trim();
    let base = image.rsplit('/').next().unwrap_or(image);
    let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    if stem.is_empty() {
        return Err(ParseError::line(line, "no name of an image"));
    }
    match labels.insert(stem.to_owned(), synset.to_owned()) {
        Some(_) => Err(ParseError::line(line, format!("{stem} is listed a second time"))),
        None => Ok(()),
    }
}

fn whole(found: usize, what: &str) -> Result<(), ParseError> {
    if found == VALIDATION {
        return Ok(());
    }
    Err(ParseError::new(format!("has {found} {what}; a list in the order of the validation images has {VALIDATION}")))
}

/// The lines that say something, with their numbers.
fn numbered(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let text = text.trim_start_matches('\u{feff}');
    (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty())
}

/// The columns of a line: separated by tabs where there are any, else by commas or white space.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let tabs = line.contains('\t');
    let gap = move |c: char| if tabs { c == '\t' } else { c == ',' || c.is_whitespace() };
    line.split(gap).map(str::trim).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(labels: &Labels) -> Vec<(&str, &str)> {
        labels.iter().map(|(name, synset)| (name.as_str(), synset.as_str())).collect()
    }

    fn why<T: std::fmt::Debug>(result: Result<T, ParseError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn kaggle_takes_the_first_word_of_the_prediction() {
        let file = b"ImageId,PredictionString\r\nILSVRC2012_val_00048981,n03995372 85 1 499 272 \n\
                     ILSVRC2012_val_00037956,n03481172 131 0 499 254 n03481172 1 2 3 4\n";
        let expected = [("ILSVRC2012_val_00037956", "n03481172"), ("ILSVRC2012_val_00048981", "n03995372")];
        assert_eq!(pairs(&kaggle_solution(file).unwrap()), expected);
        assert_eq!(why(kaggle_solution(b"a,b\n")), "line 1: the header is not ImageId,PredictionString");
        let file = |rows: &str| kaggle_solution(format!("ImageId,PredictionString\n{rows}").as_bytes());
        assert_eq!(why(file("x,n01440764 1\ny,65\n")), "line 3: \"65\" is no synset, which is n and eight digits");
        assert_eq!(why(file("x,n01440764\nx,n01440764\n")), "line 3: x is listed a second time");
        assert!(
            why(file("x,n01440764,7\n")).starts_with("line 2: not the two columns"),
            "{}",
            why(file("x,n01440764,7\n"))
        );
    }

    #[test]
    fn lists_with_names_are_read_whatever_separates_them() {
        for gap in ["\t", " ", ", "] {
            let text = format!("val_0.JPEG{gap}n03444034{gap}0{gap}32{gap}44\n\nval/val_1.JPEG{gap}n04067472\r\n");
            assert_eq!(pairs(&synsets(&text).unwrap()), [("val_0", "n03444034"), ("val_1", "n04067472")]);
        }
        assert_eq!(why(synsets("a.JPEG 65\n")), "line 1: \"65\" is no synset, which is n and eight digits");
        assert_eq!(why(synsets("a.JPEG n03444034\na.png n03444034")), "line 2: a is listed a second time");
    }

    #[test]
    fn a_list_in_validation_order_is_whole() {
        let text = format!("n01440764\n{}", "n15075141\n".repeat(VALIDATION - 1));
        let labels = synsets(&text).unwrap();
        assert_eq!((labels.len(), labels["ILSVRC2012_val_00000001"].as_str()), (VALIDATION, "n01440764"));
        assert_eq!(labels["ILSVRC2012_val_00050000"], "n15075141");
        assert!(why(synsets(&text[10..])).starts_with("has 49999 synsets"), "{}", why(synsets(&text[10..])));
        assert!(why(synsets("")).starts_with("has 0 synsets"));
    }

    #[test]
    fn ids_of_the_devkit_are_looked_up_and_never_sorted_positions() {
        let ids = ["n02119789", "n02100735"];
        let text = |first: &str, rest: usize| format!("{first}\n{}", "2\n".repeat(rest));
        let labels = ground_truth(&text("1", VALIDATION - 1), &ids).unwrap();
        assert_eq!(labels["ILSVRC2012_val_00000001"], "n02119789");
        assert_eq!(labels["ILSVRC2012_val_00000002"], "n02100735");
        let error = |first: &str, rest: usize| why(ground_truth(&text(first, rest), &ids));
        assert!(error("1", VALIDATION - 2).starts_with("has 49999 ids; a list in the order of the validation images"));
        assert_eq!(error("3", 0), "line 1: \"3\" is no ILSVRC2012_ID, which is a number from 1 to 2");
        assert!(error("0", 0).contains("no ILSVRC2012_ID") && error("n01440764", 0).contains("no ILSVRC2012_ID"));
    }

    #[test]
    fn classes_are_synsets_or_lines() {
        let text = "\u{feff}n01440764 tench, Tinca tinca\nn01443537\tgoldfish\n\nEnglish springer\n";
        assert_eq!(classes(text).unwrap(), ["n01440764", "n01443537", "English springer"]);
        assert_eq!(why(classes("a\nb\na\n")), "line 3: \"a\" is in line 1 already");
        assert_eq!(why(classes(" \n")), "names no class");
    }
}
