//! Resend. The bodies are those of the SDK's `ListWebhookEventsResponseSuccess` and
//! `GetWebhookEventResponseSuccess`, <https://www.npmjs.com/package/resend>.

use webhooks::reconcile::Found;

use crate::api::{Answer, Api, Asked};
use crate::case::Case;
use crate::sent::Sent;
use crate::walk::Source;

pub(crate) const CASE: Case = Case {
    provider: "resend",
    credential: r#"{"key": "marker-of-a-secret", "webhook": "4dd369bc-aa82-4ff3-97de-514ae3000ee0"}"#,
    list: "GET /webhooks/4dd369bc-aa82-4ff3-97de-514ae3000ee0/events",
    files: ["resend-email.bounced.json", "resend-email.delivered.json"],
    time: "",
    as_sent: false,
    answer,
};

fn answer(sent: &[Sent], asked: &Asked) -> Answer {
    answer_with(sent, asked, |sent| &sent.body)
}

fn answer_with(sent: &[Sent], asked: &Asked, payload: impl Fn(&Sent) -> &str) -> Answer {
    if asked.header("authorization") != "Bearer marker-of-a-secret" {
        let refused =
            r#"{"statusCode": 401, "name": "invalid_api_key", "message": "API key is invalid"}"#;
        return Answer::json(401, refused);
    }
    let call = asked.call();
    if call == CASE.list {
        return list(sent, asked.field("after"));
    }
    let one = |sent: &&Sent| call == format!("{}/{}", CASE.list, sent.id);
    if let Some(sent) = sent.iter().find(one) {
        return Answer::json(
            200,
            format!(
                r#"{{"object": "webhook_event", {}, "next_attempt_at": null, "payload": {}}}"#,
                event(sent),
                payload(sent)
            ),
        );
    }
    let replay =
        |sent: &Sent| call == format!("{}/{}/replay", CASE.list, sent.id).replace("GET", "POST");
    if sent.iter().any(replay) {
        return Answer::json(200, r#"{"object": "webhook_event", "id": "msg_any"}"#);
    }
    Answer::json(
        404,
        r#"{"statusCode": 404, "name": "not_found", "message": "Not found"}"#,
    )
}

fn event(sent: &Sent) -> String {
    format!(
        r#""id": "{}", "type": "email.bounced", "created_at": "{}", "status": "failed""#,
        sent.id, sent.at
    )
}

fn list(sent: &[Sent], after: &str) -> Answer {
    let at = match after {
        "" => 0,
        id => {
            1 + sent
                .iter()
                .position(|sent| sent.id == id)
                .expect("an event")
        }
    };
    let data = sent
        .get(at)
        .map_or_else(String::new, |sent| format!("{{{}}}", event(sent)));
    let has_more = at + 1 < sent.len();
    Answer::json(
        200,
        format!(r#"{{"object": "list", "has_more": {has_more}, "data": [{data}]}}"#),
    )
}

#[tokio::test]
async fn asks_for_a_replay_of_what_has_no_payload() {
    let source = Source::enter().await;
    let sent = CASE.sent();
    let api = Api::start(move |asked| answer_with(&sent, asked, |_| "null")).await;
    let walked = source.walk(CASE.provider(), &*CASE.archive(&api)).await;
    let found: Vec<_> = walked
        .findings
        .iter()
        .map(|finding| finding.found)
        .collect();
    assert_eq!(found, [Found::AskedFor; 2]);
    let calls = api.calls();
    let replays = calls.iter().filter(|call| call.ends_with("/replay"));
    assert_eq!(replays.count(), 2, "{calls:?}");
}
