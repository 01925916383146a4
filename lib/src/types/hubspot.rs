//! HubSpot: <https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide>.

use serde::Deserialize;

use super::shape::{or_default, text};

/// `hubspot.*`: something happened to an object. The last fields are of some types only.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The id, which HubSpot does not promise to be unique.
    pub event_id: u64,
    /// The type: `contact.creation`, `deal.propertyChange`, ...
    pub subscription_type: String,
    /// The account.
    pub portal_id: u64,
    /// Milliseconds since the Unix epoch.
    pub occurred_at: i64,
    /// The subscription.
    pub subscription_id: Option<u64>,
    /// The app.
    pub app_id: Option<u64>,
    /// The number of this attempt, from 0.
    pub attempt_number: Option<u64>,
    /// The object.
    pub object_id: Option<u64>,
    /// The type of the object, for `object.*`: `0-3`.
    pub object_type_id: Option<String>,
    /// The place of the change: `CRM_UI`, `API`, ...
    pub change_source: Option<String>,
    /// The author of the change: `userId:4201`.
    pub source_id: Option<String>,
    /// `NEW`, `DELETED`, ...
    pub change_flag: Option<String>,
    /// The property that was changed.
    pub property_name: Option<String>,
    /// Its value now.
    #[serde(default, deserialize_with = "text")]
    pub property_value: Option<String>,
    /// The object that others were merged into.
    pub primary_object_id: Option<u64>,
    /// The objects that were merged.
    #[serde(default, deserialize_with = "or_default")]
    pub merged_object_ids: Vec<u64>,
    /// One end of an association.
    pub from_object_id: Option<u64>,
    /// The other end.
    pub to_object_id: Option<u64>,
    /// The association: `CONTACT_TO_COMPANY`.
    pub association_type: Option<String>,
    /// The association is gone.
    #[serde(default, deserialize_with = "or_default")]
    pub association_removed: bool,
}
