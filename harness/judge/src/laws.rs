//! Laws that hold for every input: for what strangers write into files, and for what nodes send.

mod drawn;
mod files;
mod judging;
mod records;
mod reports;
mod shell;
mod showing;
mod wire;

use std::sync::LazyLock;

use crate::{
    data::Data,
    registry::Registry,
    schemas::Schemas,
    vectors::{self, Vectors},
};

/// What is read once for all laws.
struct Edition {
    data: Data,
    schemas: Schemas,
    registry: Registry,
    vectors: Vectors,
}

static EDITION: LazyLock<Edition> = LazyLock::new(|| {
    let data = Data::embedded();
    let schemas = Schemas::load(&data).expect("our own schemas");
    Edition {
        registry: Registry::load(&data).expect("our own specification"),
        vectors: vectors::load(&data, &schemas).expect("our own vectors"),
        schemas,
        data,
    }
});
