//! `report.html`: one page that needs nothing but a browser. Everything is in the text; the script only filters and copies.

pub mod comparison;
mod page;
mod trouble;

use askama::Template;
use sha2::{Digest, Sha256};

use super::{Report, curl::visible, figures};
use crate::error::RunError;
use page::Page;

pub fn render(report: &Report) -> Result<String, RunError> {
    let document = Document {
        page: Page::of(report),
        style: STYLE,
        script: SCRIPT,
        style_hash: hash(STYLE),
        script_hash: hash(SCRIPT),
    };
    let html = document.render().map_err(|error| figures::unwritable("HTML", error))?;
    // Escaping leaves characters that turn the direction of text, or that nobody sees.
    Ok(visible(&html, usize::MAX))
}

#[derive(Template)]
#[template(path = "report.html")]
struct Document<'a> {
    page: Page<'a>,
    style: &'static str,
    script: &'static str,
    style_hash: String,
    script_hash: String,
}

/// For the content security policy: nothing else is allowed to run, or to be loaded.
pub(super) fn hash(text: &str) -> String {
    format!("sha256-{}", data_encoding::BASE64.encode(&Sha256::digest(text)))
}

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");
