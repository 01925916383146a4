//! Shopify: <https://shopify.dev/docs/api/admin-rest/latest/resources/webhook>. Amounts are decimal texts,
//! times ISO 8601. Which fields come depends on the app's scopes and on the subscription's
//! `include_fields`.

use serde::Deserialize;

use super::shape::{or_default, text};

/// `shopify.orders/*` (<https://shopify.dev/docs/api/admin-rest/latest/resources/order>).
#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: u64,
    /// Its id in the GraphQL API: `gid://shopify/Order/1`.
    pub admin_graphql_api_id: Option<String>,
    /// The name that people see: `#1001`.
    pub name: Option<String>,
    /// The customer's address.
    pub email: Option<String>,
    /// The currency: `USD`.
    pub currency: Option<String>,
    /// The total, with taxes, shipping and discounts: `414.95`.
    #[serde(default, deserialize_with = "text")]
    pub total_price: Option<String>,
    /// The total without taxes and shipping.
    #[serde(default, deserialize_with = "text")]
    pub subtotal_price: Option<String>,
    /// The taxes.
    #[serde(default, deserialize_with = "text")]
    pub total_tax: Option<String>,
    /// `paid`, `pending`, `refunded`, ...
    pub financial_status: Option<String>,
    /// `fulfilled` or `partial`; none before anything is sent.
    pub fulfillment_status: Option<String>,
    /// The time of the order.
    pub created_at: Option<String>,
    /// The time of its last change.
    pub updated_at: Option<String>,
    /// The time of its cancellation.
    pub cancelled_at: Option<String>,
    /// A note of the customer or the merchant.
    pub note: Option<String>,
    /// Tags, with commas between them.
    pub tags: Option<String>,
    /// A test order.
    #[serde(default, deserialize_with = "or_default")]
    pub test: bool,
    /// The customer.
    pub customer: Option<Customer>,
    /// The articles.
    #[serde(default, deserialize_with = "or_default")]
    pub line_items: Vec<LineItem>,
    /// The address to send it to.
    pub shipping_address: Option<Address>,
    /// The address of the payment.
    pub billing_address: Option<Address>,
}

/// An article of an order.
#[derive(Clone, Debug, Deserialize)]
pub struct LineItem {
    /// Its id.
    pub id: u64,
    /// The product; none where it is gone.
    pub product_id: Option<u64>,
    /// The variant of the product.
    pub variant_id: Option<u64>,
    /// The number of pieces.
    pub quantity: Option<i64>,
    /// The price of one: `199.00`.
    #[serde(default, deserialize_with = "text")]
    pub price: Option<String>,
    /// The product's title.
    pub title: Option<String>,
    /// The variant's title.
    pub variant_title: Option<String>,
    /// The stock keeping unit.
    pub sku: Option<String>,
}

/// `shopify.customers/create`, `/update` and `/delete`
/// (<https://shopify.dev/docs/api/admin-rest/latest/resources/customer>).
#[derive(Clone, Debug, Deserialize)]
pub struct Customer {
    /// Its id.
    pub id: u64,
    /// The address.
    pub email: Option<String>,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// Tags, with commas between them.
    pub tags: Option<String>,
    /// The usual address.
    pub default_address: Option<Address>,
}

/// A postal address.
#[derive(Clone, Debug, Deserialize)]
pub struct Address {
    /// The name.
    pub name: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// Street and number.
    pub address1: Option<String>,
    /// A second line.
    pub address2: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The postal code.
    pub zip: Option<String>,
    /// The code of the region.
    pub province_code: Option<String>,
    /// The code of the country: `DE`.
    pub country_code: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
}

/// `shopify.products/*` (<https://shopify.dev/docs/api/admin-rest/latest/resources/product>). One that
/// is deleted has its id alone.
#[derive(Clone, Debug, Deserialize)]
pub struct Product {
    /// Its id.
    pub id: u64,
    /// The title.
    pub title: Option<String>,
    /// The part of its address that names it.
    pub handle: Option<String>,
    /// `active`, `draft` or `archived`.
    pub status: Option<String>,
    /// The vendor.
    pub vendor: Option<String>,
    /// The type that the merchant gave it.
    pub product_type: Option<String>,
    /// Tags, with commas between them.
    pub tags: Option<String>,
    /// The variants.
    #[serde(default, deserialize_with = "or_default")]
    pub variants: Vec<Variant>,
}

/// A variant of a product.
#[derive(Clone, Debug, Deserialize)]
pub struct Variant {
    /// Its id.
    pub id: u64,
    /// The title.
    pub title: Option<String>,
    /// The stock keeping unit.
    pub sku: Option<String>,
    /// The price: `199.00`.
    #[serde(default, deserialize_with = "text")]
    pub price: Option<String>,
    /// The item whose stock is counted.
    pub inventory_item_id: Option<u64>,
    /// The stock.
    pub inventory_quantity: Option<i64>,
}

/// `shopify.inventory_levels/*`
/// (<https://shopify.dev/docs/api/admin-rest/latest/resources/inventorylevel>).
#[derive(Clone, Debug, Deserialize)]
pub struct InventoryLevel {
    /// The item.
    pub inventory_item_id: u64,
    /// The location.
    pub location_id: u64,
    /// The stock there; none where it is not counted.
    pub available: Option<i64>,
}

/// `shopify.app/uninstalled` (<https://shopify.dev/docs/api/admin-rest/latest/resources/shop>).
#[derive(Clone, Debug, Deserialize)]
pub struct Shop {
    /// Its id.
    pub id: u64,
    /// Its own domain under `myshopify.com`.
    pub myshopify_domain: Option<String>,
    /// Its domain.
    pub domain: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The owner's address.
    pub email: Option<String>,
    /// The plan.
    pub plan_name: Option<String>,
}

/// `shopify.customers/data_request`, `shopify.customers/redact` and `shopify.shop/redact`
/// (<https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance>).
#[derive(Clone, Debug, Deserialize)]
pub struct Compliance {
    /// The shop's id.
    pub shop_id: u64,
    /// The shop's own domain under `myshopify.com`.
    pub shop_domain: String,
    /// The customer; none where all of a shop's data is to go.
    pub customer: Option<Customer>,
    /// The orders whose data the customer wants.
    #[serde(default, deserialize_with = "or_default")]
    pub orders_requested: Vec<u64>,
    /// The orders whose data is to go.
    #[serde(default, deserialize_with = "or_default")]
    pub orders_to_redact: Vec<u64>,
}
