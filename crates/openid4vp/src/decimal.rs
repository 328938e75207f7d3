//! JSON numbers, compared exactly.

use std::cmp::Ordering;

use serde_json::Number;

/// The longest text of a number that is compared, in characters: no claim needs a longer one, and the time that a
/// comparison takes is proportional to it.
const MAX_LEN: usize = 1024;

/// The largest exponent, of either sign, that is read.
const MAX_EXPONENT: i64 = 1_000_000_000;

/// The value of a JSON number (RFC 8259, section 6): `0.d1d2d3... * 10^scale`, negated or not. `d1` and the last digit are
/// not 0, so that equal numbers are equal field by field; zero has no digits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Decimal {
    is_negative: bool,
    scale: i64,
    digits: Vec<u8>,
}

impl Decimal {
    /// Reads a number. None if its text is longer than [`MAX_LEN`] or its exponent beyond [`MAX_EXPONENT`].
    pub(crate) fn of(number: &Number) -> Option<Self> {
        Self::read(number.as_str())
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > MAX_LEN {
            return None;
        }
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent: i64 = exponent.parse().ok().filter(|exponent: &i64| exponent.abs() <= MAX_EXPONENT)?;
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let leading = all.iter().take_while(|&&digit| digit == b'0').count();
        let end = all.iter().rposition(|&digit| digit != b'0').map_or(leading, |last| last + 1);
        let digits = all[leading..end].to_vec();
        if digits.is_empty() {
            return Some(Self { is_negative: false, scale: 0, digits });
        }
        let places = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        Some(Self { is_negative: text.starts_with('-'), scale: exponent + places, digits })
    }

    /// Compares what is left of two numbers of the same sign without it.
    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        self.scale.cmp(&other.scale).then_with(|| self.digits.cmp(&other.digits))
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.is_negative) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => -1,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| match self.sign() {
            0 => Ordering::Equal,
            1 => self.cmp_magnitude(other),
            _ => other.cmp_magnitude(self),
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::of(&serde_json::from_str(text).unwrap()).unwrap()
    }

    /// `mantissa * 10^exponent`, written in one of the ways that JSON has.
    fn written(mantissa: i64, exponent: i32, zeros: usize, fraction: usize) -> String {
        let sign = if mantissa < 0 { "-" } else { "" };
        let mut digits = mantissa.unsigned_abs().to_string() + &"0".repeat(zeros);
        let fraction = fraction.min(digits.len() - 1);
        let exponent = i64::from(exponent) - zeros as i64 + fraction as i64;
        if fraction > 0 {
            digits.insert(digits.len() - fraction, '.');
        }
        format!("{sign}{digits}e{exponent:+}")
    }

    /// The same number as an integer, in units of 10^-40.
    fn scaled(mantissa: i64, exponent: i32) -> BigInt {
        BigInt::from(mantissa) * BigInt::from(10).pow(u32::try_from(exponent + 40).unwrap())
    }

    #[test]
    fn equal_numbers_are_equal_however_they_are_written() {
        for (left, right) in [
            ("1", "1.0"),
            ("1", "10e-1"),
            ("0", "-0.0e5"),
            ("100", "1E2"),
            ("0.001", "1e-3"),
            ("12.50", "1.25e+1"),
        ] {
            assert_eq!(decimal(left), decimal(right), "{left} {right}");
            assert_eq!(decimal(left).cmp(&decimal(right)), Ordering::Equal);
        }
    }

    #[test]
    fn no_digit_is_lost() {
        assert!(decimal("9007199254740993") > decimal("9007199254740992"));
        assert!(decimal("0.1") < decimal("0.10000000000000000000000000000000000000000000001"));
        assert!(decimal("-1e400") < decimal("-1e399"));
        assert!(decimal("1e-999999999") > decimal("0"));
    }

    #[test]
    fn what_is_too_long_or_too_large_is_no_number() {
        let refused = |text: &str| Decimal::of(&serde_json::from_str(text).unwrap()).is_none();
        assert!(refused("1e1000000001"));
        assert!(refused("1e-99999999999999999999999999"));
        assert!(refused(&"1".repeat(MAX_LEN + 1)));
        assert!(!refused(&"1".repeat(MAX_LEN)));
    }

    proptest! {
        #[test]
        fn comparison_is_that_of_integers(
            left: i64, right: i64, (le, re) in (-40..40i32, -40..40i32),
            zeros in 0..4usize, fraction in 0..24usize,
        ) {
            let expected = scaled(left, le).cmp(&scaled(right, re));
            let (left, right) = (written(left, le, zeros, fraction), written(right, re, 0, 0));
            prop_assert_eq!(decimal(&left).cmp(&decimal(&right)), expected);
            prop_assert_eq!(decimal(&right).cmp(&decimal(&left)), expected.reverse());
        }

        #[test]
        fn close_numbers_compare_as_integers(base in -1000..1000i64, step in -2..3i64, exponent in -3..3i32) {
            let expected = scaled(base, exponent).cmp(&scaled(base + step, exponent));
            let (left, right) = (written(base, exponent, 2, 3), written(base + step, exponent, 0, 1));
            prop_assert_eq!(decimal(&left).cmp(&decimal(&right)), expected);
        }

        #[test]
        fn comparison_is_that_of_floats_where_those_are_exact(left: i32, right: i32) {
            let (left, right) = (f64::from(left) / 1024.0, f64::from(right) / 1024.0);
            prop_assert_eq!(Some(decimal(&left.to_string()).cmp(&decimal(&right.to_string()))), left.partial_cmp(&right));
        }
    }
}
