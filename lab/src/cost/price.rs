//! The prices of AWS: a dated file for one region, to be replaced by hand.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use webhooks_cli::failure::Failure;

/// The prices of one region.
#[derive(Clone, Debug, Deserialize)]
pub struct Prices {
    /// Which region.
    pub region: String,
    /// When they were looked up.
    pub checked: String,
    prices: BTreeMap<String, Price>,
}

#[derive(Clone, Debug, Deserialize)]
struct Price {
    usd: f64,
    /// So many units cost that.
    per: f64,
    /// One request is a unit for each chunk of so many bytes.
    chunk_bytes: Option<u64>,
}

impl Prices {
    /// Reads a price file.
    ///
    /// # Errors
    /// [`Failure`] when it is not there or not a price file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let failure = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("the price file {}: {error}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|error| failure(&error))?;
        serde_json::from_str(&text).map_err(|error| failure(&error))
    }

    /// Dollars for so many units.
    ///
    /// # Errors
    /// [`Failure`] when the file has no such price.
    pub fn of(&self, name: &str, units: f64) -> Result<f64, Failure> {
        let price = self.price(name)?;
        Ok(units * price.usd / price.per)
    }

    /// The units of one request of that many bytes.
    ///
    /// # Errors
    /// [`Failure`] when the file has no such price.
    pub fn chunks(&self, name: &str, bytes: usize) -> Result<f64, Failure> {
        let chunk = self.price(name)?.chunk_bytes.unwrap_or(u64::MAX);
        let chunks = u64::try_from(bytes).unwrap_or(u64::MAX).div_ceil(chunk);
        Ok(f64::from(u32::try_from(chunks.max(1)).unwrap_or(u32::MAX)))
    }

    fn price(&self, name: &str) -> Result<&Price, Failure> {
        let price = self.prices.get(name);
        price.ok_or_else(|| Failure::usage(format!("the price file has no {name}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_by_units_and_chunks() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("prices/us-east-1.json");
        let prices = Prices::read(&path).expect("a price file");
        let dollars = prices.of("http_api_request", 3_000_000.0).expect("a price");
        assert!((dollars - 3.0).abs() < 1e-9, "{dollars}");
        assert_eq!(prices.chunks("sqs_request", 0).expect("a price"), 1.0);
        assert_eq!(prices.chunks("sqs_request", 65_537).expect("a price"), 2.0);
        assert!(prices.of("gold", 1.0).is_err());
    }
}
