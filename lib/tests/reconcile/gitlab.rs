//! GitLab. The bodies are those of <https://docs.gitlab.com/api/project_webhooks/> and of
//! <https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/api/entities/web_hook_log.rb>, the paging that of
//! <https://docs.gitlab.com/api/rest/#pagination>.

use webhooks::reconcile::Found;
use webhooks::timestamp::Timestamp;

use crate::api::{Answer, Api, Asked};
use crate::case::{Case, open};
use crate::sent::{Sent, ago};
use crate::walk::Source;

pub(crate) const CASE: Case = Case {
    provider: "gitlab",
    credential: r#"{"token": "marker-of-a-secret", "project": "diaspora/diaspora-client", "hook": 1}"#,
    list: "GET /projects/diaspora%2Fdiaspora-client/hooks/1/events",
    files: ["gitlab-Push_Hook.json", "gitlab-Merge_Request_Hook.json"],
    time: "",
    as_sent: false,
    answer,
};

/// What an attempt says of its time.
#[derive(Clone, Copy)]
enum Dated {
    Created,
    Answered,
    Never,
}

fn answer(sent: &[Sent], asked: &Asked) -> Answer {
    answer_with(sent, asked, |_| Dated::Created, |sent| &sent.body)
}

fn answer_with(
    sent: &[Sent],
    asked: &Asked,
    dated: impl Fn(usize) -> Dated,
    data: impl Fn(&Sent) -> &str,
) -> Answer {
    let token = asked.header("private-token");
    let token = asked
        .header("authorization")
        .strip_prefix("Bearer ")
        .unwrap_or(token);
    if token != "marker-of-a-secret" {
        return Answer::json(401, r#"{"message": "401 Unauthorized"}"#);
    }
    if asked.path.ends_with("/resend") {
        return Answer::json(201, r#"{"response_status": 200}"#);
    }
    if !asked.path.ends_with("/hooks/1/events") {
        return Answer::json(404, r#"{"message": "404 Not found"}"#);
    }
    let page: usize = asked.field("page").parse().unwrap_or(1);
    let item = sent
        .get(page - 1)
        .map(|sent| item(page, sent, dated(page - 1), data(sent)));
    let next = if page < sent.len() {
        (page + 1).to_string()
    } else {
        String::new()
    };
    Answer::json(200, format!("[{}]", item.unwrap_or_default()))
        .with("x-next-page", next)
        .with("x-page", page.to_string())
}

fn item(id: usize, sent: &Sent, dated: Dated, data: &str) -> String {
    let created = match dated {
        // Written with the offset of the server's time zone.
        Dated::Created => {
            let later = Timestamp::from_seconds(sent.at.seconds() + 7200).to_string();
            format!(r#", "created_at": "{}""#, later.replace('Z', "+02:00"))
        }
        Dated::Answered | Dated::Never => String::new(),
    };
    let answered = match dated {
        Dated::Answered => format!(r#"{{"Date": "{}"}}"#, http_date(sent.at)),
        Dated::Created | Dated::Never => "{}".to_owned(),
    };
    format!(
        r#"{{"id": {id}, "url": "https://example.net/", "trigger": "push_hooks",
        "request_headers": {{"Content-Type": "application/json", "User-Agent": "GitLab/17.1.0-pre",
        "Idempotency-Key": "{key}", "X-Gitlab-Event": "{event}",
        "X-Gitlab-Webhook-UUID": "3c5c0404-c866-44bc-a5f6-452bb1bfc76e",
        "X-Gitlab-Instance": "https://gitlab.example.com", "X-Gitlab-Event-UUID": "{uuid}",
        "X-Gitlab-Token": "[REDACTED]"}},
        "request_data": {data}, "response_headers": {answered}, "response_body": "",
        "execution_duration": 1.09, "response_status": "internal error"{created}}}"#,
        key = sent.header("idempotency-key"),
        event = sent.header("x-gitlab-event"),
        uuid = sent.header("x-gitlab-event-uuid"),
    )
}

fn http_date(at: Timestamp) -> String {
    let since_epoch = std::time::Duration::from_secs(at.seconds().unsigned_abs());
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + since_epoch)
}

#[tokio::test]
async fn asks_a_server_of_ones_own_for_a_group() {
    let sent = CASE.sent();
    let api = Api::start(move |asked| answer(&sent, asked)).await;
    // The API's own base, with its path, in place of the way that leads to this server anyhow.
    let hosts = webhooks::provider_hosts::ProviderHosts::default();
    let credential = format!(
        r#"{{"token": "marker-of-a-secret", "group": "a.b/c_d", "hook": 1, "api": "{}/api/v4"}}"#,
        api.url
    );
    let archive = webhooks::reconcile::archive("gitlab", &credential, hosts);
    let archive = archive.expect("its API can be asked").expect("a good one");
    let page = archive.page(None, ago(300)).await.expect("a page");
    assert_eq!(page.listed.len(), 1);
    assert_eq!(api.calls(), ["GET /api/v4/groups/a.b%2Fc_d/hooks/1/events"]);
}

#[tokio::test]
async fn refuses_what_would_be_another_path() {
    let api = CASE.api(Vec::new()).await;
    for project in ["", "/", "a//b", "a?b", "a/b#", "a b", "a%2fb"] {
        let credential = format!(r#"{{"token": "t", "project": "{project}", "hook": 1}}"#);
        let archive = webhooks::reconcile::archive("gitlab", &credential, api.hosts());
        assert!(archive.expect("its API can be asked").is_err(), "{project}");
    }
    assert_eq!(api.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn dates_an_attempt_by_its_answer_or_by_the_next_in_time() {
    let sent = CASE.sent();
    let newest = sent[0].at;
    let api = Api::start(move |asked| {
        let dated = |at| {
            if at == 0 {
                Dated::Answered
            } else {
                Dated::Never
            }
        };
        answer_with(&sent, asked, dated, |sent| &sent.body)
    });
    let api = api.await;
    let archive = CASE.archive(&api);
    let first = archive.page(None, ago(300)).await.expect("a page");
    let second = archive.page(first.next.as_deref(), ago(300)).await;
    let second = second.expect("a page");
    assert_eq!((first.listed[0].at, second.listed[0].at), (newest, newest));
}

#[tokio::test]
async fn recovers_attempts_without_a_time_that_nobody_answered() {
    let source = Source::enter().await;
    let sent = CASE.sent();
    let api =
        Api::start(move |asked| answer_with(&sent, asked, |_| Dated::Never, |sent| &sent.body));
    let api = api.await;
    let walked = source.walk(CASE.provider(), &*CASE.archive(&api)).await;
    let found: Vec<_> = walked
        .findings
        .iter()
        .map(|finding| finding.found)
        .collect();
    assert_eq!(found, [Found::Recovered { as_sent: false }; 2]);
}

#[tokio::test]
async fn has_an_event_sent_again_that_was_too_large_to_be_kept() {
    let source = Source::enter().await;
    let sent = CASE.sent();
    let api = Api::start(move |asked| {
        answer_with(
            &sent,
            asked,
            |_| Dated::Created,
            |_| r#"{"oversize": true}"#,
        )
    });
    let api = api.await;
    let walked = source.walk(CASE.provider(), &*CASE.archive(&api)).await;
    let found: Vec<_> = walked
        .findings
        .iter()
        .map(|finding| finding.found)
        .collect();
    assert_eq!(found, [Found::AskedFor; 2]);
    let list = CASE.list.replace("GET", "POST");
    let calls = api.calls();
    assert!(calls.contains(&format!("{list}/1/resend")), "{calls:?}");
    assert!(calls.contains(&format!("{list}/2/resend")), "{calls:?}");
}

#[tokio::test]
async fn leaves_out_an_attempt_whose_headers_name_no_event() {
    let sent = CASE.sent();
    let api = Api::start(move |asked| {
        let whole = item(1, &sent[0], Dated::Created, &sent[0].body);
        let nameless = whole
            .replace("Idempotency-Key", "X-A")
            .replace("X-Gitlab-Event-UUID", "X-B");
        assert_ne!(asked.path, "/");
        Answer::json(200, format!("[{nameless}]"))
    });
    let api = api.await;
    let page = CASE.archive(&api).page(None, ago(300)).await;
    assert!(page.expect("a page").listed.is_empty());
    assert!(
        open("gitlab", CASE.credential, &api).window()
            >= std::time::Duration::from_secs(7 * 86_400)
    );
}
