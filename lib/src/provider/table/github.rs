//! GitHub, as a row.

use super::{HMAC_OF_BODY, IN_BODY, POSTED, lookalike};
use crate::dictionary::Dictionary;
use crate::provider::Explained;
use crate::provider::advice::{Advice, Legacy, NO_ADVICE};
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{AddressList, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Algorithm, Form, Place, Scheme};
use crate::signature::Hash;

/// GitHub, and GitHub Enterprise Server.
///
/// `X-Hub-Signature` (SHA-1) is sent beside the signature for old receivers and must never become a
/// fallback: a forger would choose it. The id is the hook's id and the delivery's GUID: the GUID
/// names the event and is shared by all hooks that hear of it, and a redelivery repeats it.
///
/// Facts: <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>,
/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads> and
/// <https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-githubs-ip-addresses>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "github",
        title: "GitHub",
        addresses: Some(AddressList {
            host: "https://api.github.com",
            path: "/meta",
            field: "hooks",
        }),
        dictionaries: &[Dictionary {
            name: "github-1",
            text: include_bytes!("../../../dictionaries/github-1"),
        }],
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Hub-Signature-256"),
        form: Form::Prefixed("sha256="),
        ..HMAC_OF_BODY
    }],
    naming: Naming {
        id: &[
            &[
                Piece::Header("X-GitHub-Hook-ID"),
                Piece::Text(":"),
                Piece::Header("X-GitHub-Delivery"),
            ],
            &[Piece::Header("X-GitHub-Delivery")],
        ],
        kind: &[
            &[
                Piece::Header("X-GitHub-Event"),
                Piece::Text("."),
                Piece::Field("action"),
            ],
            &[Piece::Header("X-GitHub-Event")],
        ],
        ping: Some("ping"),
        ..IN_BODY
    },
    handshakes: &[],
    setup: Setup {
        paste: "Settings > Webhooks > Add webhook, of a repository, an organisation or a GitHub App",
        secret: "set there, beside the URL",
        retries: "none: redeliver from the webhook's recent deliveries",
    },
    advice: Advice {
        unsigned: "GitHub signs only when the webhook has a secret: enter one in its settings. If it has \
                   one, a proxy dropped the header, or the request is not from GitHub.",
        confusions: " (each webhook and each GitHub App has its own)",
        lookalikes: &[
            lookalike("ghp_", "looks like an access token"),
            lookalike("gho_", "looks like an access token"),
            lookalike("ghu_", "looks like an access token"),
            lookalike("ghs_", "looks like an access token"),
            lookalike("github_pat_", "looks like an access token"),
            lookalike("-----BEGIN", "looks like a private key"),
        ],
        legacy: Some(Legacy {
            name: "SHA-1",
            scheme: Scheme {
                place: Place::Header("X-Hub-Signature"),
                form: Form::Prefixed("sha1="),
                algorithm: Algorithm::Hmac(Hash::Sha1),
                ..HMAC_OF_BODY
            },
        }),
        ..NO_ADVICE
    },
};
