//! Numbers as the content id sees them: integer literals keep their digits, every other literal becomes the double in
//! Python's float style (wire rules 1.4 and 1.8.3).

use crate::policy::NumberForm;

/// The canonical text of a JSON number literal, or `None` when the literal overflows a double.
///
/// The caller has checked the grammar; the kind of the literal (with or without a fraction or an exponent) survives.
pub(crate) fn storage_text(literal: &str) -> Option<String> {
    let double: f64 = literal.parse().ok()?;
    if !double.is_finite() {
        return None;
    }
    let canonical = if literal.contains(['.', 'e', 'E']) {
        float_text(double)
    } else if literal == "-0" {
        "0".to_owned()
    } else {
        literal.to_owned()
    };
    Some(NumberForm::now().of(literal, canonical))
}

/// The shortest digits that read back to the same double: positional from 1e-4 up to below 1e16, else scientific with
/// a signed exponent of at least two digits.
pub(crate) fn float_text(double: f64) -> String {
    let shortest = format!("{double:e}");
    let (mantissa, exponent) = shortest
        .split_once('e')
        .expect("the exponent form of a finite double has an e");
    let exponent: i32 = exponent.parse().expect("the exponent of a double is a small integer");
    if (-4..16).contains(&exponent) {
        let plain = format!("{double}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// A text that two storage texts share exactly when they denote the same number. Integers above 2^53 are compared
/// digit by digit with the exact value of a double, so nothing is rounded away.
pub(crate) fn equality_text(storage: &str) -> String {
    let is_integer = !storage.contains(['.', 'e']);
    if is_integer {
        return storage.to_owned();
    }
    let double: f64 = storage.parse().expect("a storage text is a number");
    if double == 0.0 {
        "0".to_owned()
    } else if double.fract() == 0.0 {
        format!("{double:.0}")
    } else {
        float_text(double)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn storage_texts_follow_the_literal() {
        for (literal, text) in [
            ("100", "100"),
            ("1e2", "100.0"),
            ("1e15", "1000000000000000.0"),
            ("1e16", "1e+16"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("0.000012345", "1.2345e-05"),
            ("0.000001", "1e-06"),
            ("5e-324", "5e-324"),
            ("1.5E300", "1.5e+300"),
            ("1e21", "1e+21"),
            ("1E-7", "1e-07"),
            ("-0", "0"),
            ("-0.0", "-0.0"),
            ("0.1", "0.1"),
            ("1e-400", "0.0"),
            ("-17", "-17"),
            ("9007199254740993", "9007199254740993"),
            ("12345678901234567890", "12345678901234567890"),
            ("123456789012345.6", "123456789012345.6"),
        ] {
            assert_eq!(storage_text(literal).as_deref(), Some(text), "{literal}");
        }
        let huge = format!("1{}", "0".repeat(400));
        for literal in ["1e400", "-1e999", &huge] {
            assert_eq!(storage_text(literal), None, "{literal}");
        }
    }

    #[test]
    fn equality_ignores_the_kind_and_nothing_else() {
        for (a, b) in [
            ("5", "5.0"),
            ("-0.0", "0"),
            ("100", "100.0"),
            ("10000000000000000", "1e+16"),
        ] {
            assert_eq!(equality_text(a), equality_text(b), "{a} {b}");
        }
        for (a, b) in [
            ("5", "5.5"),
            ("9007199254740993", "9007199254740992.0"),
            ("1e-07", "1e-08"),
            ("1", "-1"),
        ] {
            assert_ne!(equality_text(a), equality_text(b), "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn a_float_reads_back_to_the_same_bits(bits: u64) {
            let double = f64::from_bits(bits);
            prop_assume!(double.is_finite());
            let text = float_text(double);
            prop_assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(bits), "{}", text);
            prop_assert_eq!(storage_text(&text), Some(text));
        }

        #[test]
        fn a_literal_is_stored_once_and_keeps_its_value(literal in "-?(0|[1-9][0-9]{0,18})([.][0-9]{1,5})?([eE][+-]?[0-9]{1,3})?") {
            if let Some(text) = storage_text(&literal) {
                prop_assert_eq!(text.parse::<f64>(), literal.parse::<f64>());
                prop_assert_eq!(storage_text(&text), Some(text.clone()));
                prop_assert_eq!(equality_text(&equality_text(&text)), equality_text(&text));
            }
        }
    }
}
