//! What a stranger gets: another host, another origin, no cookie, a GET of what changes something.

use reqwest::StatusCode;

use crate::command::{run, said as told};
use crate::console::{Console, form_key, said};
use crate::support::World;

/// Every path there is.
const PATHS: [&str; 10] = [
    "/",
    "/events",
    "/event?id=github/default/x",
    "/event/raw?id=github/default/x",
    "/activity",
    "/issues",
    "/dead-letters",
    "/sources",
    "/replay?q=",
    "/assets/htmx.js",
];

#[tokio::test]
async fn without_the_cookie_there_is_nothing() {
    let world = World::enter().await;
    let console = Console::start(&world, &[]).await;
    let port = console.base.rsplit_once(':').expect("a port").1;
    let wrong = format!("webhooks-console-{port}=0");
    for path in PATHS {
        for cookie in ["", wrong.as_str()] {
            let (status, text) = console.page(path, cookie).await;
            assert_eq!(status, 403, "{path}");
            assert!(!text.contains('<') && !text.contains("token"), "{text}");
        }
    }
    let (status, _) = console.page("/?token=0", "").await;
    assert_eq!(status, 403);
    assert_eq!(console.reads.take(), 0);
}

#[tokio::test]
async fn the_token_works_once_and_is_exchanged_for_a_strict_cookie() {
    let world = World::enter().await;
    let console = Console::start(&world, &[]).await;
    let first = console.client.get(&console.first_url).send().await;
    let first = first.expect("an answer");
    assert_eq!(
        (first.status(), &first.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/".parse().expect("a value"))
    );
    let cookie = first.headers()["set-cookie"].to_str().expect("text");
    let (pair, rest) = cookie.split_once(';').expect("its attributes");
    assert_eq!(rest.trim(), "Path=/; HttpOnly; SameSite=Strict");
    assert!(pair.len() > 60, "{pair}");
    let again = console.client.get(&console.first_url).send().await;
    assert_eq!(again.expect("an answer").status(), 403);
    assert_eq!(console.page("/sources", pair).await.0, 200);
}

#[tokio::test]
async fn other_hosts_and_other_origins_are_refused_whatever_they_bring() {
    let world = World::enter().await;
    let console = Console::start(&world, &["--allow-replay"]).await;
    let cookie = console.cookie().await;
    let port = console.base.rsplit_once(':').expect("a port").1;
    for host in [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.evil.example",
        &format!("evil.example:{port}"),
    ] {
        let request = console.get("/sources", &cookie).header("host", host);
        assert_eq!(said(request).await.0, 403, "{host}");
    }
    let local = format!("localhost:{port}");
    let request = console.get("/sources", &cookie).header("host", &local);
    assert_eq!(said(request).await.0, 200);
    let other_port = "http://127.0.0.1:1";
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", other_port),
        ("origin", "null"),
        ("origin", &format!("https://127.0.0.1:{port}")),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = console.get("/sources", &cookie).header(name, value);
        assert_eq!(said(request).await.0, 403, "{name}: {value}");
        let post = console
            .client
            .post(format!("{}/replay/start", console.base));
        let post = post
            .header("cookie", &cookie)
            .header(name, value)
            .body("id=a/b/c&reason=x");
        assert_eq!(said(post).await.0, 403, "{name}: {value}");
    }
    // A browser always names the origin of a POST.
    let post = console
        .client
        .post(format!("{}/dead-letters/look", console.base));
    assert_eq!(said(post.header("cookie", &cookie)).await.0, 403);
    assert_eq!(console.reads.take(), 0);
}

#[tokio::test]
async fn nothing_changes_by_a_get_nor_without_a_form_of_ours() {
    let world = World::enter().await;
    let console = Console::start(&world, &["--allow-replay"]).await;
    let cookie = console.cookie().await;
    for path in ["/replay/start", "/dead-letters/look"] {
        assert_eq!(console.page(path, &cookie).await.0, 405, "{path}");
        for form_key in ["", "0"] {
            let form = [
                ("form_key", form_key),
                ("id", "github/default/x"),
                ("reason", "why"),
            ];
            let (status, _) = said(console.post(path, &cookie, &form)).await;
            assert_eq!(status, 403, "{path}");
        }
    }
    for path in PATHS {
        let request = console.post(path, &cookie, &[("form_key", "0")]);
        assert_eq!(said(request).await.0, 405, "{path}");
    }
    assert_eq!(console.page("/nothing", &cookie).await.0, 404);
}

#[tokio::test]
async fn read_only_it_starts_nothing_even_with_a_form_of_ours() {
    let world = World::enter().await;
    let console = Console::start(&world, &[]).await;
    let cookie = console.cookie().await;
    // The form of dead letters is there where the queue is not empty; its key is the console's.
    let sqs = aws_sdk_sqs::Client::new(world.config());
    let url = world.stack.output("DeadLetterQueueUrl").expect("the queue");
    let sent = sqs
        .send_message()
        .queue_url(url)
        .message_body("no message of ours");
    sent.send().await.expect("SQS answers");
    let (_, html) = console.page("/dead-letters", &cookie).await;
    let form = [
        ("form_key", form_key(&html)),
        ("id", "github/default/x".to_owned()),
        ("reason", "why".to_owned()),
    ];
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let (status, text) = said(console.post("/replay/start", &cookie, &form)).await;
    assert_eq!((status, text.contains("read-only")), (403, true), "{text}");
    let (status, text) = said(console.post("/dead-letters/look", &cookie, &form)).await;
    assert_eq!(
        (status, text.contains("no message of ours: ")),
        (200, true),
        "{text}"
    );
}

#[tokio::test]
async fn every_answer_has_the_headers() {
    let world = World::enter().await;
    let console = Console::start(&world, &[]).await;
    let cookie = console.cookie().await;
    for (path, cookie) in [
        ("/sources", cookie.as_str()),
        ("/assets/console.js", &cookie),
        ("/nothing", &cookie),
        ("/replay/start", &cookie),
        ("/", ""),
    ] {
        let answer = console.get(path, cookie).send().await.expect("an answer");
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .map(|value| value.to_str().expect("text").to_owned())
        };
        let policy = header("content-security-policy").expect("a policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(
            header("x-content-type-options").as_deref(),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            header("referrer-policy").as_deref(),
            Some("no-referrer"),
            "{path}"
        );
        assert_eq!(
            header("cache-control").as_deref(),
            Some("no-store"),
            "{path}"
        );
        assert_eq!(header("access-control-allow-origin"), None, "{path}");
    }
}

#[tokio::test]
async fn a_stack_that_is_not_there_ends_the_command() {
    let world = World::enter().await;
    let mut command = crate::command::webhooks(&world, &["console", "--no-open"]).await;
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let output = command.output().await.expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let wrong = run(&world, &["console", "--port", "many"]).await;
    assert_eq!(wrong.status.code(), Some(2), "{}", told(&wrong));
}
