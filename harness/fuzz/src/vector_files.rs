//! Vector files and the prose of the specification, from somebody else's folder.

use stigmem_conformance::{explore::file, registry};

use crate::EDITION;

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = || file::read("x.json", text, &EDITION.registry, &EDITION.schemas);
    match (read(), read()) {
        (Ok(vectors), Ok(_)) => {
            for case in &vectors.cases {
                let _ = (case.is_witness(), case.wants_own_node(), case.weighs_on_the_node());
            }
        }
        (one, other) => assert_eq!(one.err(), other.err()),
    }
    if let Ok(requirements) = registry::parse("spec/x.md", text) {
        assert!(requirements.iter().all(|requirement| registry::is_id(&requirement.id)));
    }
}
