//! Twilio. The bodies are those of <https://www.twilio.com/docs/usage/monitor-alert> and of real alerts that
//! <https://github.com/kevinburke/twilio-go> has in its tests.

use crate::api::{Answer, Api, Asked};
use crate::case::Case;
use crate::sent::{Sent, ago};

pub(crate) const CASE: Case = Case {
    provider: "twilio",
    credential: r#"{"key": "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "secret": "marker-of-a-secret", "url": "https://example.com/webhooks/twilio"}"#,
    list: "GET /v1/Alerts",
    files: ["twilio-message.json", "twilio-status.json"],
    time: "",
    as_sent: false,
    answer,
};

/// `SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:marker-of-a-secret`, as Basic has it.
const PAIR: &str = "Basic U0thYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYTptYXJrZXItb2YtYS1zZWNyZXQ=";

const URL: &str = "https://example.com/webhooks/twilio";

fn answer(sent: &[Sent], asked: &Asked) -> Answer {
    let requests = sent.iter().map(|sent| Request {
        method: "POST",
        url: URL.to_owned(),
        variables: sent.body.clone(),
        headers: "null".to_owned(),
        at: sent.at.to_string(),
    });
    alerts(&requests.collect::<Vec<_>>(), asked)
}

/// A request that failed.
struct Request {
    method: &'static str,
    url: String,
    variables: String,
    headers: String,
    at: String,
}

fn alerts(requests: &[Request], asked: &Asked) -> Answer {
    if asked.header("authorization") != PAIR {
        return Answer::json(
            401,
            r#"{"code": 20003, "message": "Authenticate", "more_info": "https://www.twilio.com/docs/errors/20003", "status": 401}"#,
        );
    }
    if asked.path == "/v1/Alerts" {
        return list(requests, asked);
    }
    let number = asked.path.strip_prefix("/v1/Alerts/NO");
    let at: Option<usize> = number.and_then(|number| number.parse().ok());
    match at.and_then(|at| Some((at, requests.get(at)?))) {
        Some((at, request)) => {
            let more = format!(
                r#", "request_headers": {}, "request_variables": "{}", "response_body": null,
                "response_headers": "Date=Mon%2C+13+Sep+2010+20%3A02%3A00+GMT&Content-Length=466""#,
                request.headers, request.variables
            );
            Answer::json(200, alert(at, request, &more))
        }
        None => Answer::json(
            404,
            r#"{"code": 20404, "message": "The requested resource was not found", "status": 404}"#,
        ),
    }
}

fn list(requests: &[Request], asked: &Asked) -> Answer {
    let page: usize = asked.field("Page").parse().unwrap_or(0);
    if page == 0 {
        let start = asked.field("StartDate");
        assert!(start.len() == 20 && start.ends_with('Z'), "{start}");
    } else {
        assert_eq!(asked.field("PageToken"), format!("DNNO{page}"));
    }
    let alerts = requests
        .get(page)
        .map(|request| alert(page, request, ""))
        .unwrap_or_default();
    let next = if page + 1 < requests.len() {
        let next = page + 1;
        format!(r#""https://elsewhere.example/else?PageSize=1&Page={next}&PageToken=DNNO{next}""#)
    } else {
        "null".to_owned()
    };
    Answer::json(
        200,
        format!(
            r#"{{"alerts": [{alerts}], "meta": {{"first_page_url": "https://monitor.twilio.com/v1/Alerts?PageSize=1&Page=0",
            "key": "alerts", "next_page_url": {next}, "page": {page}, "page_size": 1,
            "previous_page_url": null, "url": "https://monitor.twilio.com/v1/Alerts?PageSize=1&Page=0"}}}}"#
        ),
    )
}

fn alert(number: usize, request: &Request, more: &str) -> String {
    format!(
        r#"{{"account_sid": "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "alert_text": "sourceComponent=14100&httpResponse=502&url=https%3A%2F%2Fexample.com&ErrorCode=11200",
        "api_version": "2010-04-01", "date_created": "{at}", "date_generated": "{at}",
        "date_updated": "{at}", "error_code": "11200", "log_level": "error",
        "more_info": "https://www.twilio.com/docs/errors/11200", "request_method": "{method}",
        "request_url": "{url}", "resource_sid": "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "service_sid": null, "sid": "NO{number}",
        "url": "https://monitor.twilio.com/v1/Alerts/NO{number}"{more}}}"#,
        at = request.at,
        method = request.method,
        url = request.url,
    )
}

/// The ids of what an API that has one alert lists.
async fn listed(request: Request) -> Vec<String> {
    let requests = [request];
    let api = Api::start(move |asked| alerts(&requests, asked)).await;
    let page = CASE.archive(&api).page(None, ago(300)).await;
    let listed = page.expect("a page").listed.into_iter();
    listed.map(|listed| listed.id).collect()
}

fn request(method: &'static str, url: &str, variables: &str, headers: &str) -> Request {
    Request {
        method,
        url: url.to_owned(),
        variables: variables.to_owned(),
        headers: headers.to_owned(),
        at: ago(60).to_string(),
    }
}

const MESSAGE: &str =
    "MessageSid=SM00000000000000000000000000000007&SmsStatus=received&Body=%F0%9F%91%8D";

/// The request for the first instructions of a call, which no parameter numbers.
const TURN: &str =
    "CallSid=CA6d27370cbbfb605521fe8800bb73f2d2&CallStatus=ringing&Direction=inbound";

#[tokio::test]
async fn puts_a_get_together_again() {
    let id = ["SM00000000000000000000000000000007:received"];
    for url in [
        URL.to_owned(),
        format!("{URL}?Mine=1"),
        format!("{URL}?{MESSAGE}"),
    ] {
        assert_eq!(
            listed(request("GET", &url, MESSAGE, "null")).await,
            id,
            "{url}"
        );
    }
    assert_eq!(
        listed(request("post", &format!("{URL}/?x=1"), MESSAGE, "null")).await,
        id
    );
}

#[tokio::test]
async fn leaves_out_requests_to_other_urls_and_alerts_without_a_request() {
    for url in [
        "https://example.com/webhooks/twilio/sms",
        "https://example.com/webhooks/twilio-2",
        "https://other.example/webhooks/twilio",
    ] {
        assert_eq!(
            listed(request("POST", url, MESSAGE, "null")).await,
            [""; 0],
            "{url}"
        );
    }
    assert_eq!(listed(request("POST", URL, "", "null")).await, [""; 0]);
}

#[tokio::test]
async fn leaves_out_what_only_an_unknown_header_names() {
    assert_eq!(listed(request("POST", URL, TURN, "null")).await, [""; 0]);
    let token =
        r#""Host=example.com&I-Twilio-Idempotency-Token=5b3ca5f6-97c2-42b6-a7b8-a8f1f4c4a9b1""#;
    assert_eq!(
        listed(request("POST", URL, TURN, token)).await,
        ["CA6d27370cbbfb605521fe8800bb73f2d2:ringing:token:5b3ca5f6-97c2-42b6-a7b8-a8f1f4c4a9b1"]
    );
}
