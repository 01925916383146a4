//! The parts of a request that Twilio's scheme and Twilio's names are about.

use crate::delivery::{Delivery, Method};
use crate::payload::{FORM, form_fields};

/// The query parameter that ties a body which is not a form to the signed URL.
pub(super) const BODY_HASH: &str = "bodySHA256";

/// True if the parameters, and not a hash of the body, are signed after the URL.
pub(super) fn is_form(delivery: &Delivery) -> bool {
    delivery.method == Method::Get || delivery.body.is_empty() || delivery.media_type() == FORM
}

pub(super) fn body_hash(delivery: &Delivery) -> Option<String> {
    let fields = form_fields(delivery.query.as_bytes());
    fields
        .into_iter()
        .find(|(key, _)| key == BODY_HASH)
        .map(|(_, value)| value)
}

/// The body; a GET has none.
pub(super) fn body(delivery: &Delivery) -> &[u8] {
    match delivery.method {
        Method::Get => &[],
        Method::Post | Method::Head | Method::Other => &delivery.body,
    }
}
