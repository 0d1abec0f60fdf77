//! Target files: one that is taken is the same when it is written and read again.

use stigmem_conformance::fuzzing as kit;

use crate::EDITION;

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(target) = kit::target(text, &EDITION.schemas) else {
        return;
    };
    let written = toml::to_string(&target).expect("a target can be written");
    let again = kit::target(&written, &EDITION.schemas).expect("what was written");
    let value = |target| serde_json::to_value(target).expect("a target is JSON");
    assert_eq!(value(&again), value(&target), "{written}");
    assert!(
        target
            .federation
            .is_none_or(|federation| federation.patience().is_finite())
    );
}
