//! Where two JSON values differ.

use super::{Json, find};

impl Json {
    /// The pointers (RFC 6901) to what is not the same in the other value, in the order of this one and then of the other;
    /// no more than so many. What is the same is what has the same digest.
    pub(crate) fn differences(&self, other: &Json, most: usize) -> Vec<String> {
        let mut found = Vec::new();
        walk(
            Some(self),
            Some(other),
            &mut String::new(),
            most,
            &mut found,
        );
        found
    }
}

fn walk(
    one: Option<&Json>,
    other: Option<&Json>,
    place: &mut String,
    most: usize,
    found: &mut Vec<String>,
) {
    if found.len() == most {
        return;
    }
    match (one, other) {
        (Some(Json::Object(one)), Some(Json::Object(other))) => {
            let new = other.iter().filter(|(name, _)| find(one, name).is_none());
            for (name, _) in one.iter().chain(new) {
                let token = name.replace('~', "~0").replace('/', "~1");
                below(&token, place, |place| {
                    walk(find(one, name), find(other, name), place, most, found);
                });
            }
        }
        (Some(Json::Array(one)), Some(Json::Array(other))) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                below(&index.to_string(), place, |place| {
                    walk(Some(one), Some(other), place, most, found);
                });
            }
        }
        (Some(Json::Number(one)), Some(Json::Number(other)))
            if one.canonical() == other.canonical() => {}
        (one, other) if one == other => {}
        _ => found.push(place.clone()),
    }
}

fn below(token: &str, place: &mut String, look: impl FnOnce(&mut String)) {
    let length = place.len();
    place.push('/');
    place.push_str(token);
    look(place);
    place.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(one: &str, other: &str) -> Vec<String> {
        let read = |text| Json::parse(text).expect("JSON");
        read(one).differences(&read(other), 3)
    }

    #[test]
    fn names_every_place_that_is_not_the_same() {
        let one = r#"{"a/b": {"c": [1, {"d": "x"}]}, "e": 1.50, "gone": null}"#;
        let rows: [(&str, &[&str]); 5] = [
            (
                r#"{"e": 1.5, "gone": null, "a/b": {"c": [1.0, {"d": "x"}]}}"#,
                &[],
            ),
            (
                r#"{"a/b": {"c": [1, {"d": "y"}]}, "e": "1.50", "new": 0, "gone": null}"#,
                &["/a~1b/c/1/d", "/e", "/new"],
            ),
            (r#"{"a/b": {"c": [1]}, "e": 1.50}"#, &["/a~1b/c", "/gone"]),
            ("[]", &[""]),
            (r#"{"p": 1, "q": 2}"#, &["/a~1b", "/e", "/gone"]),
        ];
        for (other, places) in rows {
            assert_eq!(differences(one, other), places, "{other}");
        }
    }
}
