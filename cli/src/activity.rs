//! The functions' log lines, as a person reads them while they happen.

use serde_json::Value;

/// One line for people out of a function's JSON line; `None` for what says nothing about an event.
pub fn readable(line: &str) -> Option<String> {
    // cargo-lambda may put the function's name or a time before the line.
    let start = line.find('{').unwrap_or(0);
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(&line[start..]) else {
        return compiler(line);
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    // The ordinary says no more than its outcome.
    let ordinary = || {
        let what = text("event.kind").or(text("Provider"))?;
        Some(format!("{what} {}", text("outcome")?))
    };
    let message = text("message").map(str::to_owned).or_else(ordinary);
    let Some(message) = message else {
        let inner = fields.get("fields")?.get("message")?.as_str()?;
        let level = text("level").unwrap_or("INFO");
        return (level != "INFO").then(|| format!("{level} {inner}"));
    };
    let id = text("event.id").unwrap_or_default();
    let took = fields
        .get("duration_ms")
        .map(|took| format!(" ({took} ms)"))
        .unwrap_or_default();
    let level = match text("level") {
        Some("INFO") | None => String::new(),
        Some(level) => format!("{level} "),
    };
    let step = if message.ends_with("timestamp_out_of_tolerance") {
        OLD
    } else {
        ""
    };
    Some(format!("{level}{message} {id}{took}{step}"))
}

/// The next step where a file was sent as it lies there.
const OLD: &str =
    ": it was signed too long ago; webhooks send PROVIDER EVENT --print signs a file anew";

/// The compiler's message when a function does not build.
fn compiler(line: &str) -> Option<String> {
    let says = ["error", "warning: unused", "panicked"]
        .iter()
        .any(|word| line.trim_start().starts_with(word));
    says.then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ordinary_and_the_odd_are_lines_and_the_rest_is_none() {
        let line = r#"{"Provider":"github","outcome":"done","event.kind":"github.push","event.id":"1:a","duration_ms":7}"#;
        assert_eq!(
            readable(line).as_deref(),
            Some("github.push done 1:a (7 ms)")
        );
        let line = r#"{"Provider":"github","level":"WARN","message":"github delivery refused: no","outcome":"refused"}"#;
        assert_eq!(
            readable(line).as_deref(),
            Some("WARN github delivery refused: no ")
        );
        let line = r#"{"Provider":"stripe","message":"stripe delivery unauthenticated: timestamp_out_of_tolerance"}"#;
        assert!(readable(line).is_some_and(|line| line.contains("--print")));
        assert_eq!(
            readable(r#"{"level":"INFO","fields":{"message":"x"}}"#),
            None
        );
    }
}
