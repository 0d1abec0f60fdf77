//! Bodies: what is sent, and what comes back.

use proptest::prelude::*;
use serde_json::Value;

use super::drawn::{bodies, texts, values};
use crate::{
    bindings::{Bindings, Saved},
    body::{self, MAX_BODY},
    trace::Body,
};

proptest! {
    #[test]
    fn a_plain_body_is_emitted_as_its_json(value in values()) {
        prop_assume!(!value.to_string().contains("\"$"));
        let text = body::emit(&value).expect("it is short");
        prop_assert_eq!(serde_json::from_str::<Value>(&text).expect("it is JSON"), value);
    }

    #[test]
    fn what_is_emitted_has_a_bound(value in bodies()) {
        if let Ok(text) = body::emit(&value) {
            prop_assert!(text.len() <= MAX_BODY);
        }
    }

    #[test]
    fn names_are_filled_in_once(text in texts(), value in bodies()) {
        let mut bindings = Bindings::default();
        bindings.set("ns", Value::from(text.clone()));
        bindings.save("first", Saved { body: value.clone(), request: value, ..Saved::default() });
        // What a node sent is not looked through for names again.
        prop_assert_eq!(bindings.fill_text("<{ns}>"), Ok(format!("<{text}>")));
        let _ = (bindings.fill(&text), bindings.look_up(&text));
    }

    #[test]
    fn a_body_keeps_its_bytes(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let body = Body::of(bytes.clone());
        let kept = match &body {
            Body::Base64(text) => data_encoding::BASE64.decode(text.as_bytes()).expect("we wrote it"),
            body => body.text().as_bytes().to_vec(),
        };
        prop_assert_eq!(kept, bytes);
        let _ = body.json();
        let line = serde_json::to_string(&body).expect("it can be written");
        prop_assert_eq!(serde_json::from_str::<Body>(&line).expect("it was written"), body);
    }
}
