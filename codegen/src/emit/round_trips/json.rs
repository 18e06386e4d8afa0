//! JSON that keeps every scalar as it is written, laid out to be read.

use serde_json::Value;

/// A value; a float would lose the digits that the samples are about, so numbers are text.
#[derive(Clone, Debug)]
pub(super) enum Json {
    /// Anything without parts, as JSON.
    Scalar(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(super) fn text(text: &str) -> Self {
        Self::Scalar(Value::from(text).to_string())
    }

    pub(super) fn literal(json: &str) -> Self {
        Self::Scalar(json.to_owned())
    }

    pub(super) fn object<K: Into<String>>(members: impl IntoIterator<Item = (K, Json)>) -> Self {
        let members = members.into_iter().map(|(key, value)| (key.into(), value));
        Self::Object(members.collect())
    }

    /// The same object with another value for a member that it has.
    pub(super) fn with(mut self, key: &str, value: Json) -> Self {
        if let Self::Object(members) = &mut self {
            let member = members.iter_mut().find(|(name, _)| name == key);
            if let Some((_, old)) = member {
                *old = value;
            }
        }
        self
    }

    /// The whole text: what fits on a line stands on one, everything else has a line for each part.
    pub(super) fn pretty(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0, 0);
        text.push('\n');
        text
    }

    /// Writes behind what takes `before` columns of the line, in a value that is `depth` deep.
    fn write(&self, text: &mut String, depth: usize, before: usize) {
        let line = self.on_one_line();
        // A comma may come behind it.
        if before + line.len() < WIDTH || matches!(self, Self::Scalar(_)) {
            text.push_str(&line);
            return;
        }
        let inner = "  ".repeat(depth + 1);
        let parts = match self {
            Self::Scalar(_) => Vec::new(),
            Self::List(items) => items.iter().map(|item| (String::new(), item)).collect(),
            Self::Object(members) => members
                .iter()
                .map(|(key, value)| (format!("{}: ", Value::from(key.as_str())), value))
                .collect(),
        };
        let [open, close] = self.brackets();
        text.push(open);
        for (index, (key, value)) in parts.iter().enumerate() {
            text.push_str(if index == 0 { "\n" } else { ",\n" });
            text.push_str(&inner);
            text.push_str(key);
            value.write(text, depth + 1, inner.len() + key.len());
        }
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
        text.push(close);
    }

    fn on_one_line(&self) -> String {
        let [open, close] = self.brackets();
        let parts: Vec<_> = match self {
            Self::Scalar(text) => return text.clone(),
            Self::List(items) => items.iter().map(Self::on_one_line).collect(),
            Self::Object(members) => members
                .iter()
                .map(|(key, value)| {
                    format!("{}: {}", Value::from(key.as_str()), value.on_one_line())
                })
                .collect(),
        };
        format!("{open}{}{close}", parts.join(", "))
    }

    fn brackets(&self) -> [char; 2] {
        match self {
            Self::List(_) => ['[', ']'],
            Self::Scalar(_) | Self::Object(_) => ['{', '}'],
        }
    }
}

/// Room for a line.
const WIDTH: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stands_on_a_line_and_every_digit_stays() {
        let long = Json::text(&"x".repeat(80));
        let amount = Json::literal("123456789012345678.1234567890");
        let value = Json::object([
            ("list", Json::List(vec![amount, long])),
            ("empty", Json::object::<&str>([])),
        ]);
        let x = "x".repeat(80);
        let expected = format!(
            "{{\n  \"list\": [\n    123456789012345678.1234567890,\n    \"{x}\"\n  ],\n  \"empty\": {{}}\n}}\n"
        );
        assert_eq!(value.pretty(), expected);
    }

    #[test]
    fn a_member_is_replaced_and_none_is_added() {
        let value = Json::object([("kind", Json::text("old"))]);
        let value = value
            .with("kind", Json::text("new"))
            .with("more", Json::text("x"));
        assert_eq!(value.pretty(), "{\"kind\": \"new\"}\n");
    }
}
