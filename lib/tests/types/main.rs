//! Types of the ten most used providers: every sample is read, with its values and whatever is new in it.

#[path = "../deliveries/mod.rs"]
mod deliveries;

mod features;
mod invoices;
mod page;
mod resources;
mod routing;
mod rows;
mod sample;
mod values;
