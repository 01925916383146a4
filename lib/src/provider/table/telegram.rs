//! Telegram, as a row.

use super::{IN_BODY, POSTED, TOKEN};
use crate::provider::Explained;
use crate::provider::advice::NO_ADVICE;
use crate::provider::naming::{Naming, Piece};
use crate::provider::profile::{Acknowledgement, Covers, Profile};
use crate::provider::row::Row;
use crate::provider::setup::Setup;
use crate::scheme::{Encoding, Form, Place, Scheme};

/// Telegram's bots, by the secret token of `setWebhook`. The body is not signed.
///
/// Facts: <https://core.telegram.org/bots/api#setwebhook>, <https://core.telegram.org/bots/api#update>.
pub(super) static ROW: &dyn Explained = &Row {
    profile: Profile {
        name: "telegram",
        title: "Telegram",
        acknowledgement: Acknowledgement::Empty,
        covers: Covers::Nothing,
        ..POSTED
    },
    schemes: &[Scheme {
        place: Place::Header("X-Telegram-Bot-Api-Secret-Token"),
        form: Form::Whole,
        encoding: Encoding::Text,
        ..TOKEN
    }],
    handshakes: &[],
    naming: Naming {
        id: &[&[Piece::Value("update_id")]],
        kind: &[
            &[Piece::Member(&[
                "message",
                "edited_message",
                "channel_post",
                "edited_channel_post",
                "business_connection",
                "business_message",
                "edited_business_message",
                "deleted_business_messages",
                "message_reaction",
                "message_reaction_count",
                "inline_query",
                "chosen_inline_result",
                "callback_query",
                "shipping_query",
                "pre_checkout_query",
                "purchased_paid_media",
                "poll",
                "poll_answer",
                "my_chat_member",
                "chat_member",
                "chat_join_request",
                "chat_boost",
                "removed_chat_boost",
            ])],
            &[Piece::Text("update")],
        ],
        ..IN_BODY
    },
    setup: Setup {
        paste: "no console: url of the bot method setWebhook",
        secret: "you choose it (1 to 256 of A-Z a-z 0-9 _ -): secret_token of setWebhook",
        retries: "\"a reasonable amount of attempts\"; updates are kept for 24 h",
    },
    advice: NO_ADVICE,
};
