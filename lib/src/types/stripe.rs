//! Stripe: <https://docs.stripe.com/api/events>. The fields of an object depend on the API version of
//! the destination; these are in all versions, unless they say otherwise.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::shape::{id, or_default, texts};

/// `stripe.*`: an event about an object (<https://docs.stripe.com/api/events/object>). `T` is the
/// object's type: one of this module's, one of your own, or any that serde reads.
#[derive(Clone, Debug, Deserialize)]
pub struct Event<T = Box<RawValue>> {
    /// Its id: `evt_...`.
    pub id: String,
    /// The type: `invoice.paid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// The object.
    pub data: Data<T>,
    /// Of live mode, not of a sandbox.
    #[serde(default, deserialize_with = "or_default")]
    pub livemode: bool,
    /// The connected account, for Connect.
    pub account: Option<String>,
    /// The account or the sandbox of an organisation's event.
    pub context: Option<String>,
    /// The API version that the object is written in.
    pub api_version: Option<String>,
}

/// The object of an event.
#[derive(Clone, Debug, Deserialize)]
pub struct Data<T = Box<RawValue>> {
    /// The object as it was then.
    pub object: T,
    /// The fields that an update changed, with the values before.
    pub previous_attributes: Option<Box<RawValue>>,
}

/// A thin event, which names an object and leaves it out
/// (<https://docs.stripe.com/api/v2/core/events/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct ThinEvent {
    /// Its id.
    pub id: String,
    /// The type: `v1.billing.meter.error_report_triggered`.
    #[serde(rename = "type")]
    pub kind: String,
    /// ISO 8601.
    pub created: String,
    /// Of live mode, not of a sandbox.
    #[serde(default, deserialize_with = "or_default")]
    pub livemode: bool,
    /// The account that it belongs to.
    pub context: Option<String>,
    /// The object.
    pub related_object: Option<RelatedObject>,
}

/// The object of a thin event.
#[derive(Clone, Debug, Deserialize)]
pub struct RelatedObject {
    /// Its id.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The path to get it from.
    pub url: Option<String>,
}

/// A charge (<https://docs.stripe.com/api/charges/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Charge {
    /// Its id: `ch_...`.
    pub id: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// In small letters: `usd`.
    pub currency: String,
    /// The part that was paid back.
    pub amount_refunded: Option<i64>,
    /// `succeeded`, `pending` or `failed`.
    pub status: Option<String>,
    /// Paid, or authorised until it is captured.
    #[serde(default, deserialize_with = "or_default")]
    pub paid: bool,
    /// Paid back as a whole.
    #[serde(default, deserialize_with = "or_default")]
    pub refunded: bool,
    /// The customer's id.
    #[serde(default, deserialize_with = "id")]
    pub customer: Option<String>,
    /// The payment intent's id.
    #[serde(default, deserialize_with = "id")]
    pub payment_intent: Option<String>,
    /// The cause of a failure.
    pub failure_code: Option<String>,
    /// A text of yours.
    pub description: Option<String>,
    /// Values of yours.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
}

/// A payment intent (<https://docs.stripe.com/api/payment_intents/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct PaymentIntent {
    /// Its id: `pi_...`.
    pub id: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// In small letters: `usd`.
    pub currency: String,
    /// `succeeded`, `requires_action`, `canceled`, ...
    pub status: String,
    /// The part that was received.
    pub amount_received: Option<i64>,
    /// The customer's id.
    #[serde(default, deserialize_with = "id")]
    pub customer: Option<String>,
    /// The newest charge's id.
    #[serde(default, deserialize_with = "id")]
    pub latest_charge: Option<String>,
    /// A text of yours.
    pub description: Option<String>,
    /// Values of yours.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
}

/// An invoice (<https://docs.stripe.com/api/invoices/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Invoice {
    /// Its id: `in_...`; none of a preview, as in `invoice.upcoming`.
    pub id: Option<String>,
    /// In small letters: `usd`.
    pub currency: String,
    /// In the currency's smallest unit.
    pub amount_due: i64,
    /// In the currency's smallest unit.
    pub amount_paid: i64,
    /// The customer's id.
    #[serde(default, deserialize_with = "id")]
    pub customer: Option<String>,
    /// The customer's address then.
    pub customer_email: Option<String>,
    /// The number that the customer sees.
    pub number: Option<String>,
    /// `draft`, `open`, `paid`, `uncollectible` or `void`.
    pub status: Option<String>,
    /// `subscription_create`, `subscription_cycle`, `manual`, ...
    pub billing_reason: Option<String>,
    /// The page to pay it at.
    pub hosted_invoice_url: Option<String>,
    /// The subscription's id, before the API version 2025-03-31.
    #[serde(default, deserialize_with = "id")]
    pub subscription: Option<String>,
    /// The subscription or quote behind it, since the API version 2025-03-31.
    pub parent: Option<InvoiceParent>,
    /// Values of yours.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
}

impl Invoice {
    /// The subscription's id, in whichever field the API version has it.
    pub fn subscription_id(&self) -> Option<&str> {
        let parent = self.parent.as_ref();
        let details = parent.and_then(|parent| parent.subscription_details.as_ref());
        let newer = details.and_then(|details| details.subscription.as_deref());
        newer.or(self.subscription.as_deref())
    }
}

/// The parent of an invoice.
#[derive(Clone, Debug, Deserialize)]
pub struct InvoiceParent {
    /// The subscription, where it is one.
    pub subscription_details: Option<SubscriptionDetails>,
}

/// The subscription that made an invoice.
#[derive(Clone, Debug, Deserialize)]
pub struct SubscriptionDetails {
    /// Its id.
    #[serde(default, deserialize_with = "id")]
    pub subscription: Option<String>,
}

/// A subscription (<https://docs.stripe.com/api/subscriptions/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Subscription {
    /// Its id: `sub_...`.
    pub id: String,
    /// `active`, `past_due`, `canceled`, `trialing`, ...
    pub status: String,
    /// The customer's id.
    #[serde(default, deserialize_with = "id")]
    pub customer: Option<String>,
    /// To end with its period.
    #[serde(default, deserialize_with = "or_default")]
    pub cancel_at_period_end: bool,
    /// The time of its cancellation, in seconds since the Unix epoch.
    pub canceled_at: Option<i64>,
    /// The end of its trial, in seconds since the Unix epoch.
    pub trial_end: Option<i64>,
    /// The prices that it is for.
    #[serde(default, deserialize_with = "or_default")]
    pub items: List<SubscriptionItem>,
    /// Values of yours.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
}

/// One page of a list.
#[derive(Clone, Debug, Deserialize)]
pub struct List<T> {
    /// The objects.
    pub data: Vec<T>,
    /// There are more of them than are here.
    #[serde(default, deserialize_with = "or_default")]
    pub has_more: bool,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            data: Vec::new(),
            has_more: false,
        }
    }
}

/// An item of a subscription (<https://docs.stripe.com/api/subscription_items/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct SubscriptionItem {
    /// Its id.
    pub id: String,
    /// The price.
    pub price: Option<Price>,
    /// The number of units.
    pub quantity: Option<i64>,
    /// In seconds since the Unix epoch, since the API version 2025-03-31.
    pub current_period_end: Option<i64>,
}

/// A price (<https://docs.stripe.com/api/prices/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Price {
    /// Its id.
    pub id: String,
    /// The product's id.
    #[serde(default, deserialize_with = "id")]
    pub product: Option<String>,
    /// In small letters: `usd`.
    pub currency: Option<String>,
    /// In the currency's smallest unit; none where it is less than one, or in tiers.
    pub unit_amount: Option<i64>,
    /// Your own name for it.
    pub lookup_key: Option<String>,
}

/// A checkout session (<https://docs.stripe.com/api/checkout/sessions/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct CheckoutSession {
    /// Its id: `cs_...`.
    pub id: String,
    /// `payment`, `setup` or `subscription`.
    pub mode: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: Option<String>,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// In the currency's smallest unit.
    pub amount_total: Option<i64>,
    /// In small letters: `usd`.
    pub currency: Option<String>,
    /// The customer's id.
    #[serde(default, deserialize_with = "id")]
    pub customer: Option<String>,
    /// The payment intent's id.
    #[serde(default, deserialize_with = "id")]
    pub payment_intent: Option<String>,
    /// The subscription's id.
    #[serde(default, deserialize_with = "id")]
    pub subscription: Option<String>,
    /// Your own reference.
    pub client_reference_id: Option<String>,
    /// Values of yours.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
}

/// A customer (<https://docs.stripe.com/api/customers/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Customer {
    /// Its id: `cus_...`.
    pub id: String,
    /// The address.
    pub email: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// A text of yours.
    pub description: Option<String>,
    /// Values of yours.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
}

/// A payout (<https://docs.stripe.com/api/payouts/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct Payout {
    /// Its id: `po_...`.
    pub id: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// In small letters: `usd`.
    pub currency: String,
    /// `paid`, `pending`, `in_transit`, `canceled` or `failed`.
    pub status: String,
    /// The day on which the money should be there, in seconds since the Unix epoch.
    pub arrival_date: Option<i64>,
    /// The cause of a failure.
    pub failure_code: Option<String>,
    /// Values of yours.
    #[serde(default, deserialize_with = "texts")]
    pub metadata: BTreeMap<String, String>,
}
