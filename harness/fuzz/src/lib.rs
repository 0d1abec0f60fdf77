//! What the fuzz targets check, a module for each. They are functions of bytes, so that a finding can become a test without a fuzzer.

pub mod adapter_files;
pub mod agreement;
pub mod answers;
pub mod assertions;
pub mod pages;
pub mod report_files;
pub mod target_files;
pub mod tokens;
pub mod traces;
pub mod vector_files;

use std::sync::LazyLock;

use stigmem_conformance::{
    data::Data,
    registry::Registry,
    report::terminal::View,
    schemas::Schemas,
    vectors::{self, Vectors},
};

/// What is read once.
pub struct Edition {
    pub data: Data,
    pub schemas: Schemas,
    pub registry: Registry,
    pub vectors: Vectors,
}

pub static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let data = Data::embedded();
    let schemas = Schemas::load(&data).expect("our own schemas");
    Edition {
        registry: Registry::load(&data).expect("our own specification"),
        vectors: vectors::load(&data, &schemas).expect("our own vectors"),
        schemas,
        data,
    }
});

/// What people see of anything in a terminal.
pub const VIEW: View<'static> = View {
    colour: false,
    width: 100,
    written: &[],
};

/// Nothing that moves a cursor or turns a line around.
pub fn is_plain(text: &str) -> bool {
    !text
        .chars()
        .any(|char| char.is_control() && !matches!(char, '\n' | '\t'))
        && !text.contains(['\u{61c}', '\u{200f}', '\u{202e}', '\u{2066}'])
}
