//! One signed text of Twilio's, cut at other places: the URL and the parameters are signed with nothing
//! between them, and neither the method nor the media type is signed at all.

mod deliveries;

use deliveries::{FORM, JSON, NOW, secret, signed};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use webhooks::delivery::{Delivery, Headers, Method};
use webhooks::provider::identity::Identity;
use webhooks::provider::meaning::Meaning;
use webhooks::provider::twilio::TWILIO;
use webhooks::rejection::Rejection;
use webhooks::verify::verify;

const URL: &str = "https://hooks.example.com/webhooks/twilio/sms";
const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const MESSAGE: &str = "SM0123456789abcdef0123456789abcdef";
const OTHER: &str = "SMffffffffffffffffffffffffffffffff";
const CALL: &str = "CA0123456789abcdef0123456789abcdef";
const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

type Pairs<'a> = Vec<(&'a str, &'a str)>;

fn form(pairs: &[(&str, &str)]) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = pairs.iter();
    let pairs = pairs.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn request(method: Method, url: &str, media_type: &str, body: &str) -> Delivery {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    Delivery {
        method,
        urls: vec![url.to_owned()],
        query: query.to_owned(),
        headers: Headers::from_iter([("content-type", media_type)]),
        body: body.as_bytes().to_vec(),
    }
}

fn post(url: &str, pairs: &[(&str, &str)]) -> Delivery {
    request(Method::Post, url, FORM, &form(pairs))
}

fn get(url: &str) -> Delivery {
    request(Method::Get, url, "", "")
}

/// What `sent` is taken for, with the signature of `captured`: nothing, or an event. The signature is
/// asserted to hold for the text of both.
fn taken_for(captured: &Delivery, sent: &Delivery) -> Option<Identity> {
    let captured = signed(TWILIO, captured, &secret("token"), NOW);
    let signature = captured.headers.get("X-Twilio-Signature");
    let mut sent = sent.clone();
    let headers = &mut sent.headers;
    headers.set("X-Twilio-Signature", signature.expect("signed just now"));
    let secrets = [secret("token")];
    let verified = match verify(TWILIO, &sent, &secrets, NOW) {
        Ok(verified) => verified,
        Err(Rejection::SplitAnew(_) | Rejection::BodyHashMismatch) => return None,
        Err(other) => panic!("the same text was to be signed: {other}: {sent:?}"),
    };
    match TWILIO.identify(&verified) {
        Ok(Meaning::Event(identity)) => Some(identity),
        Ok(other) => panic!("not an event: {other:?}"),
        Err(_) => None,
    }
}

fn id(captured: &Delivery, sent: &Delivery) -> Option<String> {
    taken_for(captured, sent).map(|identity| identity.id)
}

/// A message that somebody typed, at a URL with a query.
fn message(body: &str) -> Pairs<'_> {
    vec![
        ("AccountSid", ACCOUNT),
        ("ApiVersion", "2010-04-01"),
        ("Body", body),
        ("From", "+15555550101"),
        ("FromCity", ""),
        ("MessageSid", MESSAGE),
        ("SmsSid", MESSAGE),
        ("SmsStatus", "received"),
        ("To", "+15555550100"),
    ]
}

fn text(pairs: &[(&str, &str)]) -> String {
    let fields = pairs.iter().flat_map(|(name, value)| [*name, *value]);
    fields.collect()
}

#[test]
fn a_form_is_not_taken_for_a_get() {
    let typed = format!("x&From=%2B1999&Body=evil&MessageSid={OTHER}&SmsStatus=received&y=");
    let pairs = message(&typed);
    let url = format!("{URL}?a=1");
    let captured = post(&url, &pairs);
    assert!(id(&captured, &captured).is_some());
    assert_eq!(id(&captured, &get(&format!("{url}{}", text(&pairs)))), None);
    // Nor is the rest of it, with the beginning of the parameters in the query.
    let longer = format!("{url}{}", text(&pairs[..3]));
    assert_eq!(id(&captured, &post(&longer, &pairs[3..])), None);
}

#[test]
fn a_form_is_not_taken_for_json() {
    let evil = r#"[{"id":"EZ1","type":"evil"}]"#;
    let mut covered = request(Method::Post, &format!("{URL}?"), JSON, evil);
    let signed = TWILIO.sign(&mut covered, &secret("token"), NOW);
    signed.expect("it signs");
    let typed = format!("&{}&", covered.query);
    let pairs = message(&typed);
    let captured = post(&format!("{URL}?a=1"), &pairs);
    let url = format!("{URL}?a=1{}", text(&pairs));
    assert_eq!(
        id(&captured, &request(Method::Post, &url, JSON, evil)),
        None
    );
}

#[test]
fn a_get_is_not_taken_for_a_form() {
    let evil = [
        ("AccountSid", ACCOUNT),
        ("Body", "evil"),
        ("MessageSid", OTHER),
        ("SmsStatus", "received&To=1"),
    ];
    for before in [
        format!("AccountSid={ACCOUNT}&Body="),
        format!("a=1&AccountSid={ACCOUNT}&MessageSid={MESSAGE}&Body="),
    ] {
        let captured = get(&format!("{URL}?{before}{}", text(&evil)));
        assert_eq!(
            id(&captured, &post(&format!("{URL}?{before}"), &evil)),
            None
        );
        // The cut before the account's own name: its first letter is a parameter.
        let rest = format!("ccountSid={ACCOUNT}&Body=");
        if before.starts_with('A') {
            let pairs = [&[("A", &*rest)], &evil[..]].concat();
            assert_eq!(id(&captured, &post(&format!("{URL}?"), &pairs)), None);
        }
    }
}

#[test]
fn json_is_not_taken_for_a_form_or_a_get() {
    let url = format!("{URL}?a=1&bodySHA256={HASH}");
    let captured = get(&url);
    assert_eq!(id(&captured, &captured), None);
    for (query, name, value) in [
        (format!("a=1&bodySHA256={}", &HASH[..1]), &HASH[1..], ""),
        ("a=1&".to_owned(), "bodySHA256", &*format!("={HASH}")),
        ("a=1&body".to_owned(), "SHA", &*format!("256={HASH}")),
        ("a=1".to_owned(), "&bodySHA256", &*format!("={HASH}")),
        ("a".to_owned(), &*format!("=1&bodySHA256={HASH}"), ""),
    ] {
        let sent = post(&format!("{URL}?{query}"), &[(name, value)]);
        assert_eq!(id(&captured, &sent), None, "{query}");
    }
}

#[test]
fn a_get_may_have_a_hash_beside_what_it_says() {
    let twice = format!("bodySHA256={HASH}&bodySHA256={HASH}");
    let other = "0".repeat(64);
    for (query, accepted) in [
        (twice.clone(), false),
        (format!("bodySHA256={HASH}"), false),
        (format!("bodySHA256={other}"), false),
        (format!("a=1&bodySHA256={other}"), false),
        (
            format!(
                "{twice}&AccountSid={ACCOUNT}&BundleSid=BU1&Status=pending-review&FailureReason="
            ),
            true,
        ),
        (
            format!("bodySHA256={other}&AccountSid={ACCOUNT}&Status=a"),
            true,
        ),
    ] {
        let delivery = get(&format!("{URL}?{query}"));
        assert_eq!(id(&delivery, &delivery).is_some(), accepted, "{query}");
    }
}

#[test]
fn a_delivery_is_not_taken_for_one_to_another_source() {
    let base = "https://hooks.example.com/webhooks/twilio";
    let pairs = message("Hi");
    for (path, other, rest) in [
        ("/sms", "", "/sms"),
        ("/sms-2", "/sms", "-2"),
        ("/line12", "/line1", "2"),
        ("/sms.eu", "/sms", ".eu"),
        ("/smsandmore", "/sms", "andmore"),
        ("/sms?a=1", "/sms", "?a=1"),
    ] {
        let captured = post(&format!("{base}{path}"), &pairs);
        let other = format!("{base}{other}");
        // The rest as a name of its own, or before the first name.
        let mut first = vec![(rest, "")];
        first.extend(&pairs);
        first.sort_unstable();
        if text(&first).starts_with(rest) {
            assert_eq!(id(&captured, &post(&other, &first)), None, "{path}");
        }
        let glued = format!("{rest}AccountSid");
        let value = format!("{ACCOUNT}{}", text(&pairs[1..]));
        assert_eq!(
            id(&captured, &post(&other, &[(&glued, &value)])),
            None,
            "{path}"
        );
        assert_eq!(
            id(&captured, &post(&other, &[(rest, &text(&pairs))])),
            None,
            "{path}"
        );
    }
}

/// Every way to cut a text into names and values at the given places that sorts as the text does.
fn cuts<'a>(text: &'a str, places: &[usize], found: &mut Vec<Pairs<'a>>) {
    fn go<'a>(
        text: &'a str,
        places: &[usize],
        at: usize,
        so_far: &mut Pairs<'a>,
        found: &mut Vec<Pairs<'a>>,
    ) {
        if at == text.len() {
            found.push(so_far.clone());
            return;
        }
        for middle in places.iter().filter(|place| **place > at) {
            for end in places.iter().filter(|place| *place >= middle) {
                let pair = (&text[at..*middle], &text[*middle..*end]);
                if so_far.last().is_none_or(|last| *last < pair) {
                    so_far.push(pair);
                    go(text, places, *end, so_far, found);
                    so_far.pop();
                }
            }
        }
    }
    go(text, places, 0, &mut Vec::new(), found);
}

/// Where the names and values of a form end in its signed text.
fn ends(pairs: &[(&str, &str)]) -> Vec<usize> {
    let lengths = pairs
        .iter()
        .flat_map(|(name, value)| [name.len(), value.len()]);
    let mut ends = vec![0];
    for length in lengths.filter(|length| *length > 0) {
        ends.push(ends.last().map_or(0, |last| last + length));
    }
    ends
}

/// One form of each product.
fn forms() -> Vec<Pairs<'static>> {
    let account = ("AccountSid", ACCOUNT);
    let (message, call) = (("MessageSid", MESSAGE), ("CallSid", CALL));
    let conversation = ("MessageSid", "IM0123456789abcdef0123456789abcdef");
    let recording = ("RecordingSid", "RE0123456789abcdef0123456789abcdef");
    let transcription = ("TranscriptionSid", "TR0123456789abcdef0123456789abcdef");
    let event = ("Sid", "EV0123456789abcdef0123456789abcdef");
    vec![
        vec![
            account,
            message,
            ("MessageStatus", "sent"),
            ("SmsSid", MESSAGE),
            ("SmsStatus", "sent"),
        ],
        vec![
            account,
            ("ErrorCode", "30003"),
            message,
            ("MessageStatus", "failed"),
        ],
        vec![account, ("Body", "Hi"), message, ("SmsStatus", "received")],
        vec![
            account,
            call,
            ("CallStatus", "ringing"),
            ("FromZip", ""),
            ("SequenceNumber", "12"),
        ],
        vec![
            account,
            recording,
            ("RecordingSource", "Dial"),
            ("RecordingStatus", "completed"),
        ],
        vec![
            account,
            call,
            transcription,
            ("TranscriptionStatus", "failed"),
        ],
        vec![
            account,
            ("Body", "Hi"),
            ("EventType", "onMessageAdded"),
            conversation,
        ],
        vec![
            account,
            ("EventType", "task.created"),
            ("ResourceType", "task"),
            event,
        ],
    ]
}

/// Nobody makes two events of one delivery: whatever is accepted of the same signed text is the same
/// event.
#[test]
fn a_form_cut_anew_is_the_same_event_or_none() {
    for pairs in forms() {
        let captured = post(URL, &pairs);
        let original = id(&captured, &captured).expect("it is an event");
        let (text, ends) = (text(&pairs), ends(&pairs));
        let (mut same, mut none) = (0, 0);
        for moved in 1..ends.len() - 1 {
            let mut places = ends.clone();
            places.extend([ends[moved] - 1, ends[moved] + 1]);
            places.sort_unstable();
            places.dedup();
            let mut found = Vec::new();
            cuts(&text, &places, &mut found);
            for sent in found {
                match id(&captured, &post(URL, &sent)) {
                    Some(id) => {
                        assert_eq!(id, original, "{sent:?}");
                        same += 1;
                    }
                    None => none += 1,
                }
            }
        }
        assert!(same > 1 && none > 1, "{pairs:?}: {same} and {none}");
    }
}

#[test]
fn a_form_at_another_query_is_the_same_event_or_none() {
    for pairs in forms() {
        let captured = post(&format!("{URL}?a=1"), &pairs);
        let original = id(&captured, &captured).expect("it is an event");
        let after = text(&pairs);
        let (whole, mut places) = (format!("?a=1{after}"), ends(&pairs));
        places.iter_mut().for_each(|end| *end += 4);
        for end in (2..4).chain(places.clone()) {
            let (query, rest) = whole.split_at(end);
            let mut inside: Vec<_> = [0].into_iter().chain(1..5).collect();
            inside.extend(
                places
                    .iter()
                    .filter(|place| **place > end)
                    .map(|place| place - end),
            );
            inside.retain(|place| *place <= rest.len());
            inside.sort_unstable();
            inside.dedup();
            let mut found = Vec::new();
            cuts(rest, &inside, &mut found);
            for sent in found {
                let taken = id(&captured, &post(&format!("{URL}{query}"), &sent));
                assert!(taken.is_none_or(|id| id == original), "{query} {sent:?}");
            }
        }
    }
}
