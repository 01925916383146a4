//! X-Ray's trace header as a W3C trace context.

/// The `traceparent` of an X-Ray header (`Root=1-5759e988-bd86…;Parent=53995c3f42cd8ad8;Sampled=1`);
/// `None` where the header is not whole.
pub fn traceparent(xray: &str) -> Option<String> {
    let field = |name: &str| {
        let mut fields = xray
            .split(';')
            .filter_map(|field| field.trim().split_once('='));
        fields.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let root = field("Root")?.strip_prefix("1-")?.replacen('-', "", 1);
    let parent = field("Parent")?;
    let flags = if field("Sampled") == Some("1") {
        "01"
    } else {
        "00"
    };
    (hex(&root, 32) && hex(parent, 16)).then(|| format!("00-{root}-{parent}-{flags}"))
}

#[cfg(test)]
mod tests {
    use super::traceparent;

    #[test]
    fn becomes_a_trace_context() {
        let xray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let expected = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
        assert_eq!(traceparent(xray).as_deref(), Some(expected));
    }

    #[test]
    fn is_left_out_when_it_is_not_whole() {
        for xray in [
            "",
            "Root=1-5759e988",
            "Root=x;Parent=y",
            "Root=1-zz;Parent=53995c3f42cd8ad8",
        ] {
            assert_eq!(traceparent(xray), None);
        }
    }
}
