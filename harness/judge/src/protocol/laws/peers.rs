//! Laws of what peers sign.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::super::peering::{self, HEADER, SIGNED, Signer};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_token_gives_its_claims_back(seed: [u8; 32], claims in prop::collection::btree_map(".{0,8}", ".{0,8}", 0..5)) {
        let signer = Signer::from_seed(seed);
        let claims: Map<String, Value> = claims.into_iter().map(|(name, text)| (name, text.into())).collect();
        let ordered: Vec<(String, Value)> = claims.clone().into_iter().collect();
        let token = peering::token(HEADER, &ordered, &signer);
        prop_assert_eq!(peering::claims(&token), Some(claims.into()));
        prop_assert!(peering::is_signed_by(&token, &signer.public()));
    }

    #[test]
    fn a_token_with_another_character_is_not_signed(seed: [u8; 32], at in any::<prop::sample::Index>(), other in "[A-Za-z0-9_.=é-]") {
        let signer = Signer::from_seed(seed);
        let token = peering::token(HEADER, &[("iss".to_owned(), "p".into())], &signer);
        let at = at.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &other);
        prop_assert_eq!(peering::is_signed_by(&changed, &signer.public()), changed == token);
    }

    #[test]
    fn only_strict_signatures_hold(seed: [u8; 32]) {
        let signer = Signer::from_seed(seed);
        let token = peering::token(HEADER, &[], &signer);
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let other = format!("{signed}.{}", peering::malleated(signature));
        prop_assert!(!peering::is_signed_by(&other, &signer.public()));
    }

    #[test]
    fn a_declaration_is_signed_as_printable_json(texts in prop::collection::vec(any::<String>(), SIGNED.len())) {
        let declaration: Map<String, Value> = SIGNED.iter().zip(texts).map(|(name, text)| ((*name).to_owned(), text.into())).collect();
        let bytes = peering::declaration_bytes(&declaration);
        prop_assert!(bytes.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}", bytes);
        prop_assert_eq!(serde_json::from_str::<Value>(&bytes).expect("it is JSON"), Value::from(declaration));
    }

    #[test]
    fn no_text_makes_a_reader_of_tokens_panic(text: String, parts in "[A-Za-z0-9_-]{0,12}[.][A-Za-z0-9_-]{0,12}[.][A-Za-z0-9_-]{0,90}", key in "[A-Za-z0-9_-]{43}") {
        for token in [&text, &parts] {
            let _ = (peering::claims(token), peering::is_signed_by(token, &key), peering::is_signed_by(token, &text));
            let _ = (peering::malleated(token), peering::fingerprint(token));
        }
    }
}
