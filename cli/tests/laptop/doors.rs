//! The doors before the functions and the emulator, tried by plain HTTP.

use reqwest::Client;
use serde_json::json;
use webhooks_cli::keys::Keys;

use crate::dev::Dev;

/// Method, path and headers of a request, and the status that answers it.
type Answered = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    u16,
);

const ANSWERS: [Answered; 12] = [
    // What a provider sends without the right signature: it arrives at the function.
    ("POST", "/webhooks/github", &[], 401),
    ("POST", "/webhooks/github/any", &[], 401),
    ("POST", "/webhooks/github", &[("host", "localhost")], 401),
    (
        "POST",
        "/webhooks/github",
        &[("host", "abc.example.com")],
        401,
    ),
    (
        "POST",
        "/webhooks/github",
        &[("host", "ABC.example.com:443")],
        401,
    ),
    // A name that an attacker leads to this machine, and web pages.
    (
        "POST",
        "/webhooks/github",
        &[("host", "evil.example.org:9000")],
        403,
    ),
    (
        "POST",
        "/webhooks/github",
        &[("host", "abc.example.com.evil.example.org")],
        403,
    ),
    ("POST", "/webhooks/github", &[("origin", "null")], 403),
    (
        "POST",
        "/webhooks/github",
        &[("origin", "http://127.0.0.1:9000")],
        403,
    ),
    (
        "POST",
        "/webhooks/github",
        &[("sec-fetch-site", "cross-site")],
        403,
    ),
    // A method that has no route.
    ("PUT", "/webhooks/github", &[], 405),
    ("OPTIONS", "/webhooks/github", &[], 405),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_routes_are_all_that_a_tunnel_reaches() {
    let mut dev = Dev::start(&["--public-url", "https://abc.example.com/base"]).await;
    let base = format!("http://127.0.0.1:{}", dev.port);
    let client = Client::new();
    let ask = async |method: &str, path: &str, headers: &[(&str, &str)]| {
        let method = method.parse().expect("a method");
        let request = client.request(method, format!("{base}{path}")).body("{}");
        let add = |request: reqwest::RequestBuilder, (name, value): &(&str, &str)| {
            request.header(*name, *value)
        };
        let answer = headers.iter().fold(request, add).send().await;
        answer.expect("an answer")
    };
    for (method, path, headers, status) in ANSWERS {
        let answer = ask(method, path, headers).await;
        let shared = answer
            .headers()
            .keys()
            .filter(|name| name.as_str().contains("control-allow"));
        assert_eq!(shared.count(), 0, "{method} {path} {headers:?}");
        assert_eq!(answer.status(), status, "{method} {path} {headers:?}");
    }
    // The invoke API and the runtime API, as they are and as a path may be written.
    for path in [
        "/2015-03-31/functions/processor/invocations",
        "/2015-03-31/functions/processor/response-streaming-invocations",
        "/.rt/processor/2018-06-01/runtime/invocation/next",
        "/.rt/2018-06-01/runtime/invocation/next",
        "/lambda-url/processor/",
        "/webhooks/github/../../2015-03-31/functions/processor/invocations",
        "/webhooks/github/a/../../../2015-03-31/functions/processor/invocations",
        "//2015-03-31/functions/processor/invocations",
        "/%2e%2e/2015-03-31/functions/processor/invocations",
        "/",
    ] {
        for method in ["POST", "GET"] {
            let answer = raw(dev.port, method, path, "").await;
            let allowed = ["HTTP/1.1 404", "HTTP/1.1 400"];
            assert!(
                allowed.iter().any(|status| answer.starts_with(status)),
                "{method} {path}: {answer}"
            );
        }
    }
    // What was turned away is explained where the user looks, without control characters.
    let refused = loop {
        let line = dev
            .lines
            .next_line()
            .await
            .expect("it writes")
            .expect("a line");
        if line.starts_with("refused ") {
            break line;
        }
    };
    assert!(
        refused.contains("evil.example.org") && refused.contains("--public-url"),
        "{refused}"
    );
}

/// A request as it is written, which a client would tidy up.
async fn raw(port: u16, method: &str, target: &str, headers: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut connection = tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("it listens");
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n{headers}content-length: 2\r\n\r\n{{}}"
    );
    connection
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    let mut answer = Vec::new();
    connection
        .read_to_end(&mut answer)
        .await
        .expect("it answers");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_emulator_takes_what_is_signed_with_the_keys_of_the_run() {
    let dev = Dev::start(&[]).await;
    let keys = Keys::read(&dev.keys_file()).expect("the keys");
    let endpoint = format!("http://127.0.0.1:{}", dev.emulator_port);
    let path = "/webhooks/webhooks/github";
    let list = json!({"Path": path, "Recursive": true, "WithDecryption": true}).to_string();

    let signed = signed_with(&keys, &endpoint, "ssm", &list, &[]);
    let answer = send(&endpoint, &list, &signed).await;
    assert_eq!(answer.0, 200);
    assert!(
        answer.1.contains("github-development-secret"),
        "{}",
        answer.1
    );

    let [(_, id), _] = keys.environment();
    let stranger = Keys::ours();
    let half = Keys::of(id, "another secret");
    let mut cases = vec![
        (
            "unsigned",
            list.clone(),
            vec![(
                "x-amz-target".to_owned(),
                "AmazonSSM.GetParametersByPath".to_owned(),
            )],
        ),
        (
            "with other keys",
            list.clone(),
            signed_with(stranger, &endpoint, "ssm", &list, &[]),
        ),
        (
            "with the id alone",
            list.clone(),
            signed_with(&half, &endpoint, "ssm", &list, &[]),
        ),
        ("another body", list.replace('/', "/w"), signed.clone()),
        (
            "another service",
            "{}".to_owned(),
            signed_with(&keys, &endpoint, "lambda", "{}", &[]),
        ),
    ];
    for (name, value) in [
        ("host", "evil.example.org"),
        ("origin", "https://evil.example.org"),
        ("sec-fetch-site", "same-origin"),
    ] {
        let headers = signed_with(&keys, &endpoint, "ssm", &list, &[(name, value)]);
        cases.push((name, list.clone(), headers));
    }
    for (case, body, headers) in &cases {
        let (status, text) = send(&endpoint, body, headers).await;
        assert_eq!((status, text.as_str()), (403, ""), "{case}");
    }
    for path in [
        "/",
        "/_ministack/health",
        "/_ministack/reset",
        "/_ministack/sqs/messages",
        "/2015-03-31/functions/",
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let answer = raw(
                dev.emulator_port,
                method,
                path,
                "origin: https://evil.example.org\r\n",
            )
            .await;
            assert!(
                answer.starts_with("HTTP/1.1 403"),
                "{method} {path}: {answer}"
            );
            let answer = raw(dev.emulator_port, method, path, "").await;
            assert!(
                answer.starts_with("HTTP/1.1 403"),
                "{method} {path}: {answer}"
            );
            assert!(
                !answer.to_ascii_lowercase().contains("access-control"),
                "{answer}"
            );
        }
    }
}

/// Headers of a signed call of SSM.
fn signed_with(
    keys: &Keys,
    endpoint: &str,
    service: &str,
    body: &str,
    headers: &[(&str, &str)],
) -> Vec<(String, String)> {
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4;
    let identity = keys.credentials().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(std::time::SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .expect("all are there");
    let target = ("x-amz-target", "AmazonSSM.GetParametersByPath");
    let all = [
        &[target, ("content-type", "application/x-amz-json-1.1")],
        headers,
    ]
    .concat();
    let request = SignableRequest::new(
        "POST",
        format!("{endpoint}/"),
        all.iter().copied(),
        SignableBody::Bytes(body.as_bytes()),
    );
    let signed = sign(request.expect("a request"), &params.into()).expect("it is signed");
    let (instructions, _) = signed.into_parts();
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    all.iter()
        .copied()
        .chain(instructions.headers())
        .map(owned)
        .collect()
}

async fn send(endpoint: &str, body: &str, headers: &[(String, String)]) -> (u16, String) {
    let request = Client::new()
        .post(format!("{endpoint}/"))
        .body(body.to_owned());
    let add = |request: reqwest::RequestBuilder, (name, value): &(String, String)| {
        request.header(name, value)
    };
    let answer = headers
        .iter()
        .fold(request, add)
        .send()
        .await
        .expect("an answer");
    (
        answer.status().as_u16(),
        answer.text().await.expect("a body"),
    )
}

/// Nothing but its address protects Lambda's own APIs: it is another one with each run.
#[tokio::test(flavor = "multi_thread")]
async fn lambdas_own_apis_are_nowhere_near_the_routes() {
    let dev = Dev::start(&[]).await;
    let address: std::net::SocketAddrV4 = dev.functions.parse().expect("an address");
    assert!(address.ip().is_loopback() && *address.ip() != std::net::Ipv4Addr::LOCALHOST);
    tokio::net::TcpStream::connect(address)
        .await
        .expect("they are there");
    let refused = tokio::net::TcpStream::connect(("127.0.0.1", address.port())).await;
    assert!(refused.is_err(), "{address}");
}
