//! Laws that hold for every input, and not only for the examples in `vectors/pure/`.

mod peers;

use proptest::prelude::*;

use super::cid::{self, Content};
use super::hlc::{self, Hlc};
use super::{instant, uri};

proptest! {
    #[test]
    fn normalising_twice_is_normalising_once(name in names()) {
        if let Ok(normal) = uri::normalise(&name) {
            prop_assert_eq!(uri::normalise(&normal), Ok(normal), "{:?}", name);
        }
    }

    #[test]
    fn every_spelling_of_a_formal_uri_is_one_name(spelling in spellings()) {
        prop_assert_eq!(uri::normalise(&spelling), Ok("stigmem://a.example/user/alice".to_owned()));
    }

    #[test]
    fn emitted_clocks_sort_as_texts(a in emitted_clocks(), b in emitted_clocks()) {
        let (text_a, text_b) = (a.emitted(), b.emitted());
        prop_assert!(text_a.as_deref().is_some_and(hlc::is_emitted_form));
        prop_assert_eq!(text_a.cmp(&text_b), a.cmp(&b));
    }

    #[test]
    fn a_clock_text_reads_back(wall: u64, counter: u64) {
        prop_assert_eq!(Hlc::new(wall, counter).to_string().parse(), Ok(Hlc::new(wall, counter)));
    }

    #[test]
    fn zeros_in_front_change_no_clock(wall: u64, counter: u64, zeros in 0..10_usize) {
        let zeros = "0".repeat(zeros);
        prop_assert_eq!(format!("{zeros}{wall}.{zeros}{counter}").parse(), Ok(Hlc::new(wall, counter)));
        prop_assert_eq!(format!("{zeros}{wall}").parse(), Ok(Hlc::new(wall, 0)));
    }

    #[test]
    fn what_may_be_emitted_can_be_read(text in "[0-9]{12,14}[.][0-9]{2,20}") {
        prop_assert_eq!(hlc::is_emitted_form(&text), text.find('.') == Some(13) && text.len() >= 17);
        if hlc::is_emitted_form(&text) && text.len() <= 32 {
            prop_assert!(text.parse::<Hlc>().is_ok());
        }
    }

    #[test]
    fn a_write_is_later_than_the_last(now in walls(), last in clocks()) {
        let next = hlc::tick(now, last).expect("far from the end of the clock");
        prop_assert!(next > last && next.wall >= now && next.counter <= 999);
    }

    #[test]
    fn a_receipt_is_later_than_last_and_received(now in walls(), last in clocks(), received in clocks()) {
        let merged = hlc::merge(now, last, received).expect("far from the end of the clock");
        prop_assert!(merged > last && merged > received && merged.wall >= now);
        prop_assert!(merged.emitted().is_some());
    }

    #[test]
    fn float_text_reads_back_to_the_same_bits(bits: u64) {
        let double = f64::from_bits(bits);
        prop_assume!(double.is_finite());
        let text = cid::float_text(double);
        prop_assert!(text.contains(['.', 'e']), "{} looks like an integer", text);
        prop_assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(bits), "{}", text);
    }

    #[test]
    fn float_text_reads_back_near_the_borders_of_its_styles(digits in 1_u64..100_000_000_000_000_000, exponent in -25_i32..5) {
        let double: f64 = format!("{digits}e{exponent}").parse().expect("digits and an exponent");
        let text = cid::float_text(double);
        prop_assert_eq!(text.contains('e'), !(1e-4..1e16).contains(&double), "{}", text);
        prop_assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(double.to_bits()));
    }

    #[test]
    fn canonical_bytes_are_json_that_reads_back(entity: String, value_text: String, confidence in 0.0..=1.0_f64) {
        let content = Content {
            confidence, entity: &entity, relation: "r", scope: "local", source: "s", value_type: "text", value_text: &value_text,
        };
        let parsed: serde_json::Value = serde_json::from_str(&cid::canonical_bytes(&content)).expect("bytes are JSON");
        prop_assert_eq!(parsed["entity"].as_str(), Some(entity.as_str()));
        prop_assert_eq!(parsed["value_v"].as_str(), Some(value_text.as_str()));
        prop_assert_eq!(parsed["confidence"].as_f64(), Some(confidence));
    }

    #[test]
    fn the_literal_that_was_sent_is_among_the_candidates(literal in number_literals(), as_float: bool) {
        let storage = cid::storage_text("number", &literal).expect("a number literal");
        let double: f64 = literal.parse().expect("a number literal");
        // A node prints the kind that was sent, or always a double.
        let printed = if as_float { cid::float_text(double) } else { literal.clone() };
        let v: serde_json::Value = serde_json::from_str(&printed).expect("a printed number");
        let fact = serde_json::json!({
            "entity": "e", "relation": "r", "value": { "type": "number", "v": v }, "source": "s", "scope": "local", "confidence": 1,
        });
        let content = Content {
            confidence: 1.0, entity: "e", relation: "r", scope: "local", source: "s", value_type: "number", value_text: &storage,
        };
        match cid::candidates(&fact) {
            Some(ids) => prop_assert!(ids.contains(&cid::cid(&content)), "{} printed as {}", literal, printed),
            None => prop_assert!(double.abs() >= 9_007_199_254_740_992.0),
        }
    }

    #[test]
    fn instants_sort_as_their_milliseconds(a in millis(), b in millis()) {
        let read = |millis| instant::parse(&instant::format(millis).expect("a year of four digits")).expect("what was printed");
        prop_assert_eq!(read(a).cmp(&read(b)), a.cmp(&b));
    }

    #[test]
    fn an_instant_is_the_same_with_every_offset(millis in millis(), minutes in -1439..1440_i64) {
        let sign = if minutes < 0 { '-' } else { '+' };
        let offset = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        // Close to the years 0 and 10,000 the local date may have no four digits.
        if let Some(text) = instant::format_at(millis, &offset) {
            let utc = instant::format(millis).expect("a year of four digits");
            prop_assert_eq!(instant::parse(&text), instant::parse(&utc), "{}", text);
        }
    }

    #[test]
    fn zeros_behind_a_fraction_change_no_instant(digits in "[0-9]{1,20}", zeros in 0..10_usize) {
        let read = |digits: &str| instant::parse(&format!("2026-01-02T03:04:05.{digits}Z"));
        prop_assert_eq!(read(&format!("{digits}{}", "0".repeat(zeros))), read(&digits));
        prop_assert!(read(&digits).is_ok_and(|instant| instant >= instant::parse("2026-01-02T03:04:05Z").expect("an instant")));
    }

    #[test]
    fn no_text_makes_a_reader_panic(text: String) {
        let _ = text.parse::<Hlc>();
        let _ = hlc::is_emitted_form(&text);
        let _ = uri::normalise(&text);
        let _ = instant::parse(&text);
        let _ = instant::parse(&format!("2026-01-02T03:04:05{text}"));
        for value_type in ["number", "boolean", "datetime", &text] {
            let _ = cid::storage_text(value_type, &text);
        }
    }
}

/// Names dense in what normalising looks at: escapes, white space, slashes, capitals of several alphabets.
fn names() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("stigmem://"),
        Just("STIGMEM://"),
        Just("%73tigmem://"),
        Just("/"),
        Just(":"),
        Just("%"),
        Just("%4"),
        Just("%41"),
        Just("%34"),
        Just("%31"),
        Just("%25"),
        Just("%2F"),
        Just("%c3"),
        Just("1"),
        Just("A"),
        Just("f"),
        Just("-"),
        Just(" "),
        Just("\t"),
        Just("\u{1c}"),
        Just("\u{85}"),
        Just("\u{3000}"),
        Just("\u{200b}"),
        Just("\u{212a}"),
        Just("\u{130}"),
        Just("Σ"),
        Just("ς"),
        Just("Å"),
        Just("\u{345}"),
        Just("."),
        Just("\0"),
    ];
    let dense = prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => dense, 1 => any::<String>(), 1 => any::<String>().prop_map(|id| format!("stigmem://a/b/{id}"))]
}

/// One formal URI with random capitals, escapes and blanks around it.
fn spellings() -> impl Strategy<Value = String> {
    const NAME: &str = "stigmem://a.example/user/alice";
    let ways = prop::collection::vec(0_u8..4, NAME.len());
    (ways, "[ \t\r\n]{0,3}", "[ \t\r\n]{0,3}").prop_map(|(ways, before, after)| {
        let spell = |(c, way): (char, u8)| match (way, c) {
            (1, _) => c.to_ascii_uppercase().to_string(),
            (2, 'a'..='z' | '.') => format!("%{:02x}", u32::from(c)),
            (3, 'a'..='z') => format!("%{:02X}", u32::from(c.to_ascii_uppercase())),
            _ => c.to_string(),
        };
        let middle: String = NAME.chars().zip(ways).map(spell).collect();
        format!("{before}{middle}{after}")
    })
}

/// Wall parts close to one another, so that they often tie.
fn walls() -> impl Strategy<Value = u64> {
    prop_oneof![1_746_230_400_000..1_746_230_400_004_u64, 0..9_999_999_999_998_u64]
}

fn clocks() -> impl Strategy<Value = Hlc> {
    let counters = prop_oneof![0..4_u64, 996..1_003_u64, any::<u64>()];
    (walls(), counters).prop_map(|(wall, counter)| Hlc::new(wall, counter))
}

fn emitted_clocks() -> impl Strategy<Value = Hlc> {
    let walls = prop_oneof![
        0..4_u64,
        999_999_999_998..1_000_000_000_002_u64,
        0..=9_999_999_999_999_u64
    ];
    let counters = prop_oneof![0..1_000_u64, Just(9), Just(10), Just(99), Just(100), Just(999)];
    (walls, counters).prop_map(|(wall, counter)| Hlc::new(wall, counter))
}

fn number_literals() -> impl Strategy<Value = String> {
    let integers = prop_oneof![
        -3..4_i128,
        -(1_i128 << 70)..(1 << 70),
        (1_i128 << 53) - 3..(1 << 53) + 3
    ];
    prop_oneof![
        integers.prop_map(|integer| integer.to_string()),
        "-?(0|[1-9][0-9]{0,17})[.][0-9]{1,5}",
        "-?(0|[1-9][0-9]?)([.][0-9])?[eE][+-]?[0-9]{1,2}",
        Just("-0".to_owned()),
    ]
}

fn millis() -> impl Strategy<Value = i64> {
    prop_oneof![-62_167_219_200_000..253_402_207_200_000_i64, -1_000..1_000_i64]
}
