//! Figures of several runs: the median, and how far they spread.

/// Values of one kind.
#[derive(Clone, Debug, Default)]
pub struct Figures(Vec<f64>);

impl Figures {
    /// One more.
    pub fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The value below which that share of all lies; 0 without any.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index into a short list"
        )]
        let at = (last as f64 * share).round() as usize;
        sorted.get(at).copied().unwrap_or_default()
    }

    /// The middle value.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The median, and between which values the middle half lies.
    pub fn spread(&self, decimals: usize) -> String {
        let (low, high) = (self.quantile(0.25), self.quantile(0.75));
        let median = self.median();
        format!("{median:.decimals$} ({low:.decimals$}-{high:.decimals$})")
    }
}

impl FromIterator<f64> for Figures {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_middle_and_the_spread() {
        let figures: Figures = [5.0, 1.0, 3.0, 2.0, 4.0].into_iter().collect();
        assert_eq!(figures.spread(0), "3 (2-4)");
        assert_eq!(figures.quantile(1.0), 5.0);
        assert_eq!(Figures::default().median(), 0.0);
    }
}
