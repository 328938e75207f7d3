//! What anchoring costs: gas is measured, prices are assumed.

use std::fmt::Write as _;

use clap::Args;

/// Credentials that one transaction anchors.
const BATCHES: [u64; 6] = [1, 10, 100, 1_000, 10_000, 100_000];
/// Seconds between transactions (`evm.min_seconds_between`).
const INTERVALS: [u64; 4] = [1, 12, 60, 300];
const DAY: u64 = 24 * 60 * 60;

/// What is assumed to be paid. The defaults are those of November 2026: 0.01 gwei a gas, which Fidemark's documentation
/// (April 2026) calls typical of Base; 1 gwei on Ethereum; 2,300 USD an ether.
#[derive(Args)]
pub(crate) struct Prices {
    /// Prices of a gas, in gwei; by default one of a second layer such as Base, and one of Ethereum
    #[arg(long, value_name = "GWEI", value_delimiter = ',', default_values_t = [0.01, 1.0])]
    pub(super) gwei: Vec<f64>,
    /// The price of an ether, in USD
    #[arg(long, value_name = "USD", default_value_t = 2300.0)]
    pub(super) usd: f64,
}

/// Arguments of `bench anchor costs`.
#[derive(Args)]
pub(crate) struct CostsArguments {
    /// The gas of one transaction
    #[arg(long)]
    pub(crate) gas: u64,
    #[command(flatten)]
    pub(crate) prices: Prices,
}

impl Prices {
    /// What so much gas costs, at each of the prices.
    fn usd(&self, gas: f64) -> impl Iterator<Item = f64> {
        self.gwei.iter().map(move |gwei| gas * gwei * 1e-9 * self.usd)
    }

    fn head(&self, text: &mut String, columns: &[&str], unit: &str) {
        let mut names: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        names.extend(self.gwei.iter().map(|gwei| format!("{unit} at {gwei} gwei")));
        let rules = "--:|".repeat(names.len());
        let _ = writeln!(text, "| {} |\n|{rules}", names.join(" | "));
    }
}

/// Tables of what a credential and a day cost, for a transaction that uses so much gas.
pub(super) fn markdown(gas: u64, prices: &Prices) -> String {
    let mut text = format!("A transaction of {} gas, an ether for {} USD:\n\n", thousands(gas), prices.usd);
    prices.head(&mut text, &["credentials a transaction", "gas a credential"], "USD a credential");
    for credentials in BATCHES {
        let share = gas as f64 / credentials as f64;
        row(&mut text, [thousands(credentials), digits(share)], prices.usd(share));
    }
    text.push('\n');
    prices.head(&mut text, &["seconds between transactions", "transactions a day", "gas a day"], "USD a day");
    for seconds in INTERVALS {
        let transactions = DAY / seconds;
        let spent = transactions * gas;
        let cells = [seconds.to_string(), thousands(transactions), thousands(spent)];
        row(&mut text, cells, prices.usd(spent as f64));
    }
    text
}

fn row(text: &mut String, cells: impl IntoIterator<Item = String>, prices: impl Iterator<Item = f64>) {
    let cells: Vec<String> = cells.into_iter().chain(prices.map(digits)).collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// A number with two digits that matter, or all before the point.
fn digits(number: f64) -> String {
    if number >= 10.0 || number <= 0.0 {
        return thousands(number.max(0.0).round() as u64);
    }
    let places = 1 - number.log10().floor() as i32;
    format!("{number:.*}", usize::try_from(places).unwrap_or(0))
}

/// A number with a comma after each thousand.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Prices, digits, markdown, thousands};

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0, 999, 1_000, 86_400, 3_018_816_000].map(thousands),
            ["0", "999", "1,000", "86,400", "3,018,816,000"]
        );
        let texts = [34_940.0, 349.4, 3.494, 0.3494, 0.000_803_6, 8.036e-9, 0.0].map(digits);
        assert_eq!(texts, ["34,940", "349", "3.5", "0.35", "0.00080", "0.0000000080", "0"]);
    }

    #[test]
    fn tables_hold_costs() {
        let text = markdown(34_940, &Prices { gwei: vec![0.01, 1.0], usd: 2300.0 });
        assert!(text.starts_with("A transaction of 34,940 gas, an ether for 2300 USD:\n"), "{text}");
        assert!(
            text.contains(
                "| USD a credential at 0.01 gwei | USD a credential at 1 gwei |\n|--:|--:|--:|--:|\n"
            ),
            "{text}"
        );
        assert!(text.contains("| 1 | 34,940 | 0.00080 | 0.080 |\n"), "{text}");
        assert!(text.contains("| 100,000 | 0.35 | 0.0000000080 | 0.00000080 |\n"), "{text}");
        assert!(text.contains("| 12 | 7,200 | 251,568,000 | 5.8 | 579 |\n"), "{text}");
    }
}
