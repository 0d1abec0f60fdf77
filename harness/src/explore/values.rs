//! The values that facts of a history hold. Some are equal although they are written differently, some differ although they look alike.

use serde_json::{Value, json};

/// How many of the values are drawn; the one after them only ends disputes.
pub const DRAWN: usize = 9;
/// The value of a resolution that prefers neither side.
pub const NEW: usize = DRAWN;

/// Values that are equal have one class (section 3: by type and value, `string` and `text` alike).
pub fn class(value: usize) -> usize {
    [0, 0, 1, 2, 2, 3, 4, 5, 5, 6][value]
}

/// The value as it is asserted.
pub fn asserted(value: usize) -> Value {
    match value {
        0 => json!({"type": "string", "v": "red"}),
        1 => json!({"type": "text", "v": "red"}),
        2 => json!({"type": "string", "v": "blue"}),
        3 => json!({"type": "number", "v": 5}),
        4 => json!({"type": "number", "v": {"$literal": "5.0"}}),
        5 => json!({"type": "string", "v": "5"}),
        6 => json!({"type": "boolean", "v": true}),
        7 => json!({"type": "datetime", "v": "2026-01-02T03:04:05Z"}),
        8 => json!({"type": "datetime", "v": "2026-01-02T12:04:05+09:00"}),
        _ => json!({"type": "string", "v": "settled"}),
    }
}

/// What any value of a class looks like.
pub fn pattern(class: usize) -> Value {
    match class {
        0 => json!({"type": {"$oneOf": ["string", "text"]}, "v": "red"}),
        1 => json!({"type": "string", "v": "blue"}),
        2 => json!({"type": "number", "v": 5}),
        3 => json!({"type": "string", "v": "5"}),
        4 => json!({"type": "boolean", "v": true}),
        5 => json!({"type": "datetime", "v": {"$instant": "2026-01-02T03:04:05Z"}}),
        _ => json!({"type": "string", "v": "settled"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::pattern;

    #[test]
    fn a_class_has_a_pattern_that_knows_its_values_from_all_others() {
        for value in [0, 1, 2, 3, 5, 6, 7, 8, NEW] {
            for other in 0..=class(NEW) {
                let known = pattern::matches(&super::pattern(other), Some(&asserted(value))).is_ok();
                assert_eq!(known, class(value) == other, "{value} {other}");
            }
        }
    }
}
