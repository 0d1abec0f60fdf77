//! How numbers are written under the hash.

use super::Refusal;

/// The storage text of a JSON number literal: an integer keeps its digits, anything else is written as a float.
///
/// # Errors
///
/// When the literal is not a JSON number, or overflows a double.
pub fn number_text(literal: &str) -> Result<String, Refusal> {
    let Some(kind) = literal_kind(literal) else {
        return Err(Refusal::NotANumber(literal.to_owned()));
    };
    let value: f64 = literal
        .parse()
        .map_err(|_invalid| Refusal::NotANumber(literal.to_owned()))?;
    if value.is_infinite() {
        return Err(Refusal::TooLarge);
    }
    Ok(match kind {
        // The only integer whose sign is not part of its value.
        LiteralKind::Integer if literal == "-0" => "0".to_owned(),
        LiteralKind::Integer => literal.to_owned(),
        LiteralKind::Float => float_text(value),
    })
}

/// A finite double as its shortest digits that read back to the same double, always with a fraction or an exponent.
///
/// With d.ddd × 10^e it is positional for −4 ≤ e < 16 and scientific otherwise, with at least two digits of exponent.
#[must_use]
pub fn float_text(value: f64) -> String {
    // Rust's own `{:e}` finds the digits; only their layout differs.
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return scientific;
    };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    if !(-4..16).contains(&exponent) {
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{direction}{:02}", exponent.unsigned_abs());
    }
    let digits = mantissa.replace('.', "");
    let places = exponent.unsigned_abs() as usize;
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(places - 1));
    }
    let whole_digits = places + 1;
    match digits.split_at_checked(whole_digits) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits:0<whole_digits$}.0"),
    }
}

enum LiteralKind {
    Integer,
    Float,
}

/// The kind of a JSON number, or `None` when JSON's grammar has no such number.
fn literal_kind(literal: &str) -> Option<LiteralKind> {
    let unsigned = literal.strip_prefix('-').unwrap_or(literal);
    let (whole, rest) = leading_digits(unsigned);
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    if rest.is_empty() {
        return Some(LiteralKind::Integer);
    }
    let exponent = match rest.strip_prefix('.') {
        Some(after_dot) => {
            let (fraction, rest) = leading_digits(after_dot);
            (!fraction.is_empty()).then_some(rest)?
        }
        None => rest,
    };
    if exponent.is_empty() {
        return Some(LiteralKind::Float);
    }
    let exponent = exponent.strip_prefix(['e', 'E'])?;
    let (digits, rest) = leading_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    (!digits.is_empty() && rest.is_empty()).then_some(LiteralKind::Float)
}

fn leading_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_numbers_are_numbers() {
        for bad in [
            "", "-", "+5", "05", "-05", "5.", ".5", "5e", "5e+", "5.e1", "1_000", "0x10", "NaN", "Infinity", "-inf",
            " 5", "5 ", "1e5.0", "٥",
        ] {
            assert_eq!(number_text(bad), Err(Refusal::NotANumber(bad.to_owned())), "{bad}");
            // By the grammar alone, whatever Rust would read.
            assert!(literal_kind(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_integer_too_large_for_a_double_is_refused_like_a_float() {
        let largest = format!("1{}", "0".repeat(308));
        assert_eq!(number_text(&largest), Ok(largest.clone()));
        assert_eq!(number_text(&format!("{largest}0")), Err(Refusal::TooLarge));
        assert_eq!(number_text("-1e309"), Err(Refusal::TooLarge));
    }

    #[test]
    fn what_is_not_finite_keeps_a_name_that_is_no_json() {
        assert_eq!(float_text(f64::INFINITY), "inf");
        assert_eq!(float_text(f64::NAN), "NaN");
    }
}
