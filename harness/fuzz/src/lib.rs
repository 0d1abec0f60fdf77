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
