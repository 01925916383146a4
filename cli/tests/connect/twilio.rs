//! Twilio, as <https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource> has it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::documented::{Asked, serve};
use crate::place::{Place, TOKEN};

const NUMBERS: &str = "/2010-04-01/Accounts/AC0123/IncomingPhoneNumbers";

fn answer(state: &mut Value, asked: &Asked) -> (u16, Value) {
    let pair = STANDARD.encode(format!("AC0123:{TOKEN}"));
    if asked.authorization != format!("Basic {pair}") {
        return (
            401,
            json!({"code": 20003, "message": "Authenticate", "status": 401}),
        );
    }
    if asked.call == format!("GET {NUMBERS}.json") {
        let is_ours = asked.query == "PhoneNumber=%2B15551234567";
        let numbers = is_ours.then(|| state["number"].clone());
        let numbers: Vec<_> = numbers.into_iter().collect();
        return (
            200,
            json!({"incoming_phone_numbers": numbers, "page": 0, "next_page_uri": null}),
        );
    }
    if asked.call != format!("POST {NUMBERS}/PN77.json") {
        return (
            404,
            json!({"code": 20404, "message": "not found", "status": 404}),
        );
    }
    let fields = [
        ("SmsUrl", "sms_url"),
        ("SmsMethod", "sms_method"),
        ("VoiceUrl", "voice_url"),
        ("StatusCallback", "status_callback"),
    ];
    for (field, member) in fields {
        if let Some(value) = asked.field(field) {
            state["number"][member] = json!(value);
        }
    }
    (200, state["number"].clone())
}

fn number() -> Value {
    json!({"number": {"sid": "PN77", "phone_number": "+15551234567", "sms_method": "POST", "sms_application_sid": "",
        "sms_url": "https://demo.twilio.com/welcome/sms/reply/", "voice_url": "", "status_callback": ""}})
}

#[tokio::test(flavor = "multi_thread")]
async fn sets_the_urls_of_a_number_and_stores_the_auth_token() {
    let place = Place::new().await;
    let api = serve(number(), answer).await;
    let credential = json!({"account": "AC0123", "token": TOKEN}).to_string();
    let args = ["connect", "twilio", "--credential", "-", "--number"];
    let ours = [&args[..], &["+15551234567"]].concat();
    place
        .run_with(&api, &args[..4], &credential)
        .await
        .is(2, "--number");
    let unknown = [&args[..], &["+15550000000"]].concat();
    place
        .run_with(&api, &unknown, &credential)
        .await
        .is(1, "not found; the credential needs");
    place
        .run_with(&api, &ours, &credential)
        .await
        .is(0, "send the number a message");
    let state = api.state().await;
    assert_eq!(
        state["number"]["sms_url"],
        "https://hooks.example/webhooks/twilio"
    );
    assert_eq!(state["number"]["voice_url"], "");
    assert_eq!(place.secrets("twilio", "default").await, [TOKEN]);
    let check = [&ours[..], &["--check"]].concat();
    place
        .run_with(&api, &check, &credential)
        .await
        .is(0, "as it should be");
    let calls = [&check[..], &["--events", "message,call"]].concat();
    place
        .run_with(&api, &calls, &credential)
        .await
        .is(1, "does not ask for call");

    let mut taken = number();
    taken["number"]["sms_url"] = json!("https://another.example/sms");
    api.set(taken).await;
    place
        .run_with(&api, &ours, &credential)
        .await
        .is(1, "with --replace");
    place
        .run_with(&api, &check, &credential)
        .await
        .is(1, "webhooks connect twilio --replace");
}

#[tokio::test(flavor = "multi_thread")]
async fn wants_the_auth_token_where_a_key_asks() {
    let place = Place::new().await;
    let api = serve(number(), |_, _| {
        (200, json!({"incoming_phone_numbers": [{"sid": "PN77"}]}))
    })
    .await;
    let credential = json!({"account": "AC0123", "key": "SK1", "secret": TOKEN}).to_string();
    let args = [
        "connect",
        "twilio",
        "--number",
        "+1555",
        "--credential",
        "-",
    ];
    let asked = place.run_with(&api, &args, &credential).await;
    asked.is(
        2,
        "signs with the account's auth token: say where it is with --secret",
    );
    // Two lines would be two secrets.
    let folder = std::env::temp_dir().join(format!("lines-{}", uuid::Uuid::new_v4()));
    std::fs::write(&folder, "one\ntwo\n").expect("a file");
    let file = format!("file:{}", folder.display());
    let args = [&args[..], &["--secret", &file]].concat();
    let lines = place.run_with(&api, &args, &credential).await;
    let _ = std::fs::remove_file(&folder);
    lines.is(2, "a secret is one line");
}
