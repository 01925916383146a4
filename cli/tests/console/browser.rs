//! A real browser walks every page, with payloads that want to be more than text, with and without JavaScript.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;
use webhooks::event::EventKey;
use webhooks::payload::Payload;

use crate::console::Console;
use crate::pages::{a_failed, ago, event_path};
use crate::support::sample::{end, event_of, failed, key_in, record};
use crate::support::{World, project, unique};

/// Markup, a string that closes its element, control characters and changes of direction.
const HOSTILE: &str = "</td></script><script>alert(1)</script><img src=x onerror=alert(2)>\u{1b}[2J\u{202e}\u{0}\" onfocus=\"alert(3)";

/// Payloads that want to be more than text, or are too much of it.
fn payloads() -> Vec<(&'static str, Vec<u8>)> {
    let hostile =
        json!({"title": HOSTILE, HOSTILE: [HOSTILE, {"b": null}], "url": "javascript:alert(4)"});
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let large = json!({"id": "ch_1", "text": "<b>x</b>".repeat(600_000)});
    vec![
        ("hostile", hostile.to_string().into_bytes()),
        ("deep", deep.into_bytes()),
        ("large", large.to_string().into_bytes()),
        ("binary", b"\x00\xff<script>alert(5)</script>".to_vec()),
    ]
}

/// An event whose payload may be in the bucket.
async fn a_large(world: &World, source: &str, body: &[u8]) -> EventKey {
    let key = key_in(source);
    let mut event = event_of(&key, "github.push", ago(40), body);
    if Payload::new("application/json", body).bytes.len() > 300_000 {
        let kept = world.bucket().keep(&mut event).await;
        kept.expect("S3 answers");
    }
    record(&world.ledger(), &event).await;
    end(&world.ledger(), &key, failed(HOSTILE), ago(30)).await;
    key
}

/// The pages of a stack with such events, and the event with a small payload.
async fn pages(world: &World) -> (Vec<Value>, String, String) {
    let source = unique("source");
    let small = a_failed(world, &source, "busy", br#"{"n":"<i>1</i>"}"#).await;
    a_failed(world, &source, "busy", br#"{"n":2}"#).await;
    let filter = format!("provider%3Agithub+source%3A{source}");
    let mut pages = vec![
        ("now", "/".to_owned()),
        ("events", format!("/events?q={filter}")),
        ("sources-to-choose", "/events".to_owned()),
        (
            "empty",
            "/events?q=provider%3Agithub+source%3Anobody".to_owned(),
        ),
        ("wrong", "/events?q=state%3Afailed".to_owned()),
        ("unknown", "/event?id=github%2Fdefault%2Fnever".to_owned()),
        ("activity", format!("/activity?q={filter}")),
        ("issues", "/issues".to_owned()),
        ("dead-letters", "/dead-letters".to_owned()),
        ("sources", "/sources?source=github%2Fdefault".to_owned()),
        ("replay", format!("/replay?q={filter}")),
        ("event", event_path(&small)),
        ("related", format!("{}&related=1", event_path(&small))),
    ];
    for (name, body) in payloads() {
        pages.push((name, event_path(&a_large(world, &source, &body).await)));
    }
    let pages = pages
        .iter()
        .map(|(name, path)| json!({"name": name, "path": path}));
    let live = format!("/events?q={filter}&live=1");
    (pages.collect(), event_path(&small), live)
}

/// What the browser saw.
async fn walk(world: &World, script: bool) -> (Value, Console) {
    let (pages, event, live) = pages(world).await;
    let console = Console::start(world, &["--allow-replay"]).await;
    let plan = json!({
        "first": console.first_url, "pages": pages, "script": script, "event": event, "live": live,
        "shots": std::env::var("CONSOLE_SHOTS").ok().filter(|_| script),
    });
    let walker = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/console.mjs");
    let output = Command::new(project().tool("sam/bin/node").expect("installed"))
        .arg(walker)
        .arg(plan.to_string())
        .kill_on_drop(true)
        .output()
        .await
        .expect("node starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    (
        serde_json::from_slice(&output.stdout).expect("JSON"),
        console,
    )
}

/// The page of that name.
fn page<'a>(seen: &'a Value, name: &str) -> &'a Value {
    let mut walked = seen["walked"].as_array().expect("pages").iter();
    walked.find(|page| page["name"] == name).expect("the page")
}

/// What holds with and without JavaScript.
fn hold(seen: &Value, console: &Console) {
    let host = console.base.strip_prefix("http://").expect("a URL");
    assert_eq!(seen["started"], format!("{}/", console.base));
    assert_eq!(seen["complaints"], json!([]));
    assert_eq!(seen["hosts"], json!([host]));
    for page in seen["walked"].as_array().expect("pages") {
        let name = &page["name"];
        let status = if name == "unknown" { 400 } else { 200 };
        assert_eq!(page["status"], status, "{page}");
        assert_eq!(page["images"], 0, "{name}: markup of an event");
        assert_eq!(page["violations"], json!([]), "{name}");
        for width in page["widths"].as_array().expect("widths") {
            // Without JavaScript the browser does not say.
            let Some([window, page]) = width.as_array().map(Vec::as_slice) else {
                continue;
            };
            assert!(page.as_i64() <= window.as_i64(), "{name}: {width}");
        }
    }
    let pressed = &seen["pressed"];
    assert!(pressed["bar"].as_i64() > Some(0), "{pressed}");
    let replayed = pressed["replayed"].as_str().expect("text");
    assert!(
        replayed.contains("1 events, because: the server is back"),
        "{replayed}"
    );
    let text = |name: &str| page(seen, name)["text"].as_str().expect("text").to_owned();
    let hostile = text("hostile");
    for part in [
        "<script>alert(1)</script>",
        "\\u{202e}",
        "javascript:alert(4)",
    ] {
        assert!(hostile.contains(part), "{part}: {hostile}");
    }
    assert!(!hostile.contains(['\u{1b}', '\u{202e}']), "{hostile}");
    assert!(text("deep").contains("more in the raw payload"));
    assert!(text("large").contains("bytes more in the raw payload"));
    assert!(text("binary").contains("It is not JSON."));
    assert!(text("empty").contains("No events match."));
    assert!(text("wrong").contains("there is no filter state"));
    assert!(text("unknown").contains("the ledger has no event"));
    assert!(text("issues").contains("busy"));
    assert!(text("replay").contains("events would start again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_walks_every_page_and_its_keys() {
    let world = World::enter().await;
    let (seen, console) = walk(&world, true).await;
    hold(&seen, &console);
    let pressed = &seen["pressed"];
    let expected = json!({
        "slash": "q", "j": "row-0", "jj": "row-1", "k": "row-0", "question": true,
        "stays": "row-0", "paused": true, "copied": "{\"n\":\"<i>1</i>\"}",
    });
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&pressed[key], value, "{key}: {pressed}");
    }
    // In the filter a letter is a letter.
    assert!(
        pressed["typed"].as_str().expect("text").ends_with('j'),
        "{pressed}"
    );
    let id = pressed["enter"].as_str().expect("an address");
    assert_eq!(pressed["r"], id.replace("/event?", "/replay?"));
    assert!(
        pressed["behind"].as_str().expect("text").ends_with("s ago"),
        "{pressed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_works_without_javascript() {
    let world = World::enter().await;
    let (seen, console) = walk(&world, false).await;
    hold(&seen, &console);
}
