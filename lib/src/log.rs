//! The log: which lines are written, and in which form.
//!
//! The level that somebody asks for holds only for our own lines. At their lower levels other
//! crates write what passes through their hands: `lambda_runtime` the whole invocation, hyper and
//! the AWS SDK requests with headers and bodies. So which crates are ours is what is listed, and
//! every other one stays at warnings: those name settings, sizes and addresses, but for the
//! modules in [`QUOTING`].

use lambda_http::tracing::Metadata;
use lambda_http::tracing::level_filters::LevelFilter;
use lambda_http::tracing::subscriber::filter::filter_fn;
use lambda_http::tracing::subscriber::layer::SubscriberExt;
use lambda_http::tracing::subscriber::util::SubscriberInitExt;
use lambda_http::tracing::subscriber::{fmt, registry};

use crate::settings::Lookup;

/// This crate.
const LIBRARY: &str = "webhooks";

/// The runtime, which warns at every start that it leaves concurrency to a runtime that has none.
const RUNTIME: &str = "lambda_runtime";

/// Modules that quote values even in their errors: the message of a panic, the part of an invocation that
/// does not parse, an answer of DynamoDB's with the item in it. The main loops log the first
/// two themselves, without the values.
const QUOTING: [&str; 3] = [
    "lambda_runtime::layers::panic",
    "lambda_runtime::layers::api_response",
    "aws_smithy_runtime_api::client::interceptors::context",
];

/// Starts the log. Lines of `binary`, the crate that runs, are our own.
pub(crate) fn start(binary: &'static str, environment: Lookup<'_>) {
    let asked = asked(environment);
    let filter = filter_fn(move |metadata| is_written(metadata, asked, binary));
    let json = environment("AWS_LAMBDA_LOG_FORMAT")
        .is_some_and(|format| format.eq_ignore_ascii_case("json"));
    let lines = fmt::layer().with_target(false).without_time();
    let registry = registry().with(filter.with_max_level_hint(asked));
    if json {
        registry.with(lines.json()).init();
    } else {
        registry.with(lines).init();
    }
}

/// The level that is asked for. `RUST_LOG` can hold directives for single crates; they are passed
/// over.
fn asked(environment: Lookup<'_>) -> LevelFilter {
    let level = |name| {
        let value = environment(name)?;
        let mut words = value.split(',').map(str::trim);
        words.find_map(|word| word.parse().ok().filter(|_| !word.is_empty()))
    };
    level("AWS_LAMBDA_LOG_LEVEL")
        .or_else(|| level("RUST_LOG"))
        .unwrap_or(LevelFilter::INFO)
}

fn is_written(metadata: &Metadata<'_>, asked: LevelFilter, binary: &str) -> bool {
    let most = most(metadata.target(), metadata.is_span(), binary);
    *metadata.level() <= asked.min(most)
}

/// The most that a part of the program may write, whatever is asked for.
fn most(target: &str, is_span: bool, binary: &str) -> LevelFilter {
    match target.split("::").next().unwrap_or_default() {
        LIBRARY => LevelFilter::TRACE,
        name if name == binary => LevelFilter::TRACE,
        _ if QUOTING.contains(&target) => LevelFilter::OFF,
        // Its spans put the ids of the request and of the trace on our lines.
        RUNTIME if is_span => LevelFilter::INFO,
        RUNTIME => LevelFilter::ERROR,
        _ => LevelFilter::WARN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_level_from_lambda_then_from_rust_log() {
        let with = |lambda: Option<&str>, rust: Option<&str>| {
            asked(&|name| match name {
                "AWS_LAMBDA_LOG_LEVEL" => lambda.map(str::to_owned),
                "RUST_LOG" => rust.map(str::to_owned),
                _ => None,
            })
        };
        assert_eq!(with(None, None), LevelFilter::INFO);
        assert_eq!(with(Some("DEBUG"), Some("trace")), LevelFilter::DEBUG);
        assert_eq!(with(Some(""), Some("warn")), LevelFilter::WARN);
        assert_eq!(with(Some("loud"), Some("")), LevelFilter::INFO);
        let directives = "hyper=trace, debug, lambda_runtime=error";
        assert_eq!(with(None, Some(directives)), LevelFilter::DEBUG);
    }

    #[test]
    fn lets_our_own_crates_alone_write_what_is_asked_for() {
        for (target, events, spans) in [
            ("webhooks::receive", LevelFilter::TRACE, LevelFilter::TRACE),
            ("processor::bus", LevelFilter::TRACE, LevelFilter::TRACE),
            ("webhooks_of_others", LevelFilter::WARN, LevelFilter::WARN),
            ("processors", LevelFilter::WARN, LevelFilter::WARN),
            ("hyper::proto::h1", LevelFilter::WARN, LevelFilter::WARN),
            ("aws_smithy_runtime", LevelFilter::WARN, LevelFilter::WARN),
            (
                "lambda_runtime::runtime",
                LevelFilter::ERROR,
                LevelFilter::INFO,
            ),
            (QUOTING[0], LevelFilter::OFF, LevelFilter::OFF),
            ("", LevelFilter::WARN, LevelFilter::WARN),
        ] {
            assert_eq!(most(target, false, "processor"), events, "{target}");
            assert_eq!(most(target, true, "processor"), spans, "{target}");
        }
    }
}
