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
    let Some(message) = text("message") else {
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
    Some(format!("{level}{message} {id}{took}"))
}

/// The compiler's message when a function does not build.
fn compiler(line: &str) -> Option<String> {
    let says = ["error", "warning: unused", "panicked"]
        .iter()
        .any(|word| line.trim_start().starts_with(word));
    says.then(|| line.to_owned())
}
