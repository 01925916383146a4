//! Supabase auth hooks, as a row.

use std::time::Duration;

use super::{IN_BODY, POSTED, WEBHOOK};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Key, Scheme};

/// Supabase's auth hooks. The answer decides the login: an empty object lets it go on.
///
/// Facts: <https://supabase.com/docs/guides/auth/auth-hooks>,
/// <https://github.com/supabase/auth/blob/master/internal/hooks/hookshttp/hookshttp.go>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "supabase",
        title: "Supabase auth hooks",
        answer_within: Duration::from_secs(5),
        acknowledgement: Acknowledgement::Fixed {
            media_type: "application/json",
            text: "{}",
        },
        ..POSTED
    },
    schemes: &[Scheme {
        keys: &[Key::Base64 {
            prefix: "v1,whsec_",
        }],
        ..WEBHOOK
    }],
    handshakes: &[],
    naming: Naming {
        id: &[
            &[Piece::Field("metadata.uuid")],
            &[Piece::Header("webhook-id")],
        ],
        kind: &[&[Piece::Field("metadata.name")], &[Piece::Text("hook")]],
        ..IN_BODY
    },
    setup: Setup {
        paste: "Dashboard > Authentication > Auth Hooks > Add hook > HTTPS; not Customize Access Token, which wants claims in the answer",
        secret: "Generate secret in the same form: v1,whsec_...",
        retries: "3 tries 2 s apart on connection errors, within the 5 s",
    },
    advice: NO_ADVICE,
};
