//! The providers whose APIs are tried alike.

use webhooks::provider::{Explained, catalog};
use webhooks::reconcile;
use webhooks::reconcile::archive::Archive;

use crate::api::{Answer, Api, Asked};
use crate::sent::Sent;
use crate::{
    github, gitlab, paddle, paypal, polar, resend, square, stripe, telnyx, twilio, workos,
};

/// A secret that no message may show.
pub(crate) const MARKER: &str = "marker-of-a-secret";

/// A provider's API, with two deliveries that it knows, one a page.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) provider: &'static str,
    /// A good credential, with [`MARKER`] for its secret.
    pub(crate) credential: &'static str,
    /// The call for a page of the list.
    pub(crate) list: &'static str,
    /// The files under `events/` of what was sent, newest first.
    pub(crate) files: [&'static str; 2],
    /// The member of a body that says when it happened.
    pub(crate) time: &'static str,
    /// True if the API keeps what was posted, to the byte.
    pub(crate) as_sent: bool,
    pub(crate) answer: fn(&[Sent], &Asked) -> Answer,
}

pub(crate) const CASES: [Case; 11] = [
    github::CASE,
    gitlab::CASE,
    paddle::CASE,
    paypal::CASE,
    polar::CASE,
    resend::CASE,
    square::CASE,
    stripe::CASE,
    telnyx::CASE,
    twilio::CASE,
    workos::CASE,
];

impl Case {
    /// What was sent, an hour ago and two.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        let files = self.files.iter().zip([60, 120]);
        files
            .map(|(file, minutes)| Sent::new(self.provider, file, minutes, self.time))
            .collect()
    }

    /// An API that knows that.
    pub(crate) async fn api(self, sent: Vec<Sent>) -> Api {
        Api::start(move |asked| (self.answer)(&sent, asked)).await
    }

    pub(crate) fn provider(&self) -> &'static dyn Explained {
        catalog::by_name(self.provider).expect("the provider is listed")
    }

    pub(crate) fn archive(&self, api: &Api) -> Box<dyn Archive> {
        open(self.provider, self.credential, api)
    }
}

/// What an API knows for a credential.
pub(crate) fn open(provider: &str, credential: &str, api: &Api) -> Box<dyn Archive> {
    let archive = reconcile::archive(provider, credential, api.hosts());
    let archive = archive.expect("its API can be asked");
    archive.expect("the credential is good")
}
