//! What a web page gets from the ports of the local stack: asked by a real browser.

use std::net::SocketAddrV4;
use std::path::Path;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::any;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::dev::{Dev, project, webhooks};

/// An API of Lambda's and one of the emulator's, which once ran code and told secrets.
const INVOKE: &str = "/2015-03-31/functions/processor/invocations";
const SECRETS: &str = r#"{"Path": "/", "Recursive": true, "WithDecryption": true}"#;

/// What a page of another origin sees of each request.
async fn seen(attempts: &[Value]) -> Vec<Value> {
    let project = project();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/browser.mjs");
    let output = Command::new(project.tool("sam/bin/node").expect("installed"))
        .arg(script)
        .arg(json!(attempts).to_string())
        .output()
        .await
        .expect("node starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Every way in which a page can ask without asking first, and one with which it has to.
fn attempts(base: &str) -> Vec<Value> {
    let ssm = "AmazonSSM.GetParametersByPath";
    let mut all = Vec::new();
    for path in ["/", "/webhooks/github", INVOKE, "/_ministack/health"] {
        for mode in ["cors", "no-cors"] {
            let url = format!("{base}{path}");
            all.push(json!({"url": url, "method": "GET", "mode": mode}));
            all.push(json!({"url": url, "method": "POST", "mode": mode, "body": SECRETS}));
        }
    }
    let headers = json!({"x-amz-target": ssm, "content-type": "application/x-amz-json-1.1"});
    all.push(json!({"url": base, "method": "POST", "headers": headers, "body": SECRETS}));
    all
}

/// A server that lets pages read, to see that this browser does when it may.
async fn open_server() -> String {
    let headers = || async { ([("access-control-allow-origin", "*")], "open") };
    let router = Router::new().fallback(any(headers));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_reads_nothing_and_does_nothing() {
    let dev = Dev::start(&[]).await;
    let functions: SocketAddrV4 = dev.functions.parse().expect("an address");
    let ports = [
        ("routes", format!("http://127.0.0.1:{}", dev.port)),
        ("routes", format!("http://localhost:{}", dev.port)),
        (
            "emulator",
            format!("http://127.0.0.1:{}", dev.emulator_port),
        ),
        (
            "emulator",
            format!("http://localhost:{}", dev.emulator_port),
        ),
        // A page can try ports, but not the address of a run.
        (
            "functions",
            format!("http://127.0.0.1:{}", functions.port()),
        ),
    ];
    let mut asked: Vec<Value> = ports.iter().flat_map(|(_, base)| attempts(base)).collect();
    let control = open_server().await;
    asked.push(json!({"url": control, "method": "GET"}));
    let mut seen = seen(&asked).await;

    let read = seen.pop().expect("an answer");
    assert_eq!(read, json!({"status": 200, "text": "open"}));
    println!("| port | requests | read by the page | refused with 403 |");
    println!("| --- | --- | --- | --- |");
    let each = seen.len() / ports.len();
    for ((name, base), seen) in ports.iter().zip(seen.chunks(each)) {
        let readable: Vec<&Value> = seen.iter().filter(|seen| seen.is_object()).collect();
        let refused = refused(base).await;
        println!(
            "| {name} {base} | {} | {} | {refused} |",
            seen.len(),
            readable.len()
        );
        assert_eq!(readable, [&json!(null); 0], "{base}");
        assert_eq!(refused, *name != "functions", "{base}");
    }
    // What arrived without being read did nothing either.
    let port = dev.emulator_port.to_string();
    let events = webhooks(&["events", "--emulator-port", &port]).output();
    let events = events.await.expect("events starts");
    let said = String::from_utf8_lossy(&events.stdout);
    assert!(
        events.status.success() && !said.contains("github"),
        "{said}"
    );
}

/// Whether a request that a browser sends for a page is answered with 403, and nothing else.
async fn refused(base: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert("origin", "http://127.0.0.1:1".parse().expect("a value"));
    let client = reqwest::Client::new();
    let request = client.post(format!("{base}/webhooks/github"));
    let answer = request.headers(headers).body(SECRETS).send().await;
    answer.is_ok_and(|answer| answer.status() == 403)
}
