//! Names as a node keeps or asks for them that deviates.

use super::{
    AskedNames, IdSlashes, InformalNames, NameBlanks, NameCase, NameCharacters, NameEnds, NameEscapes, SourceForm,
};
use crate::domain::id::Id;
use crate::domain::uri::is_unreserved;

const SCHEME: &str = "stigmem://";

impl SourceForm {
    pub(crate) fn of(self, normal: String, sent: &str) -> String {
        match self {
            Self::Normalised => normal,
            Self::AsSent => sent.to_owned(),
        }
    }
}

impl AskedNames {
    pub(crate) fn of(self, normal: String, sent: &str) -> String {
        match self {
            Self::Normalised => normal,
            Self::AsSent => sent.to_owned(),
            Self::WithoutEscapes => decoded(&normal, |_| true),
        }
    }
}

impl NameEnds {
    pub(crate) fn of<'n>(self, sent: &'n str, trimmed: &'n str) -> &'n str {
        match self {
            Self::Trimmed => trimmed,
            Self::Kept => sent,
        }
    }
}

impl NameEscapes {
    /// The decoded name, where the rule does not give it.
    pub(crate) fn instead(self, name: &str) -> Option<String> {
        match self {
            Self::Unreserved => None,
            Self::Kept => Some(name.to_owned()),
            Self::UnreservedOnce => Some(decoded(name, is_unreserved)),
            Self::AllDecoded => Some(decoded(name, |_| true)),
        }
    }
}

impl NameCase {
    pub(crate) fn of(self, name: &str) -> String {
        if self == Self::LowerEverywhere {
            return name.to_lowercase();
        }
        let (authority, rest) = name.split_at(end_of_authority(name));
        if self == Self::LowerInAuthority {
            authority.to_lowercase() + rest
        } else {
            authority.to_owned() + &rest.to_lowercase()
        }
    }
}

/// Where the type of a formal name begins, with its slash; an informal name has no authority.
fn end_of_authority(name: &str) -> usize {
    let is_formal = name
        .get(..SCHEME.len())
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME));
    if !is_formal {
        return 0;
    }
    let slash = name[SCHEME.len()..].find('/');
    slash.map_or(name.len(), |at| SCHEME.len() + at)
}

impl NameBlanks {
    /// What stands for a run of white space in the id of a formal name.
    pub(crate) fn in_ids(self) -> &'static str {
        match self {
            Self::EscapedInIds => "%20",
            Self::OneDash | Self::KeptInInformal => "-",
        }
    }
}

impl NameCharacters {
    pub(crate) fn of(self, name: String) -> String {
        match self {
            Self::Kept => name,
            Self::DashesMerged => merged(&name),
            Self::DashesDoubled if name.starts_with("stigmem:") || Id::parse(&name).is_some() => name,
            Self::DashesDoubled => name.replace('-', "--"),
            Self::UrlEncoded => url_encoded(&name),
            Self::EscapesInCapitals => capital_escapes(&name),
        }
    }
}

fn merged(name: &str) -> String {
    let mut merged = String::with_capacity(name.len());
    for c in name.chars() {
        if c != '-' || !merged.ends_with('-') {
            merged.push(c);
        }
    }
    merged
}

fn url_encoded(name: &str) -> String {
    let kept = |byte| is_unreserved(byte) || b":/".contains(&byte);
    let encoded = name.bytes().map(|byte| {
        if kept(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02x}")
        }
    });
    encoded.collect()
}

fn capital_escapes(name: &str) -> String {
    let mut bytes = name.as_bytes().to_vec();
    for (at, _) in name.match_indices('%') {
        if escape_at_start(&name.as_bytes()[at..]).is_some() {
            bytes[at + 1..at + 3].make_ascii_uppercase();
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl IdSlashes {
    pub(crate) fn of(self, id: String) -> String {
        if self == Self::Characters {
            return id;
        }
        let mut segments = Vec::new();
        for segment in id.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop();
                }
                plain => segments.push(plain),
            }
        }
        segments.join("/")
    }
}

impl InformalNames {
    pub(crate) fn of(self, name: String) -> String {
        match self {
            Self::Informal => name,
            Self::MadeFormal => made_formal(&name).unwrap_or(name),
        }
    }
}

/// An informal name of the form `type:id` under the authority of this node; those of the node's own are spared.
pub(super) fn made_formal(name: &str) -> Option<String> {
    let (kind, id) = name.split_once(':')?;
    if kind.is_empty() || id.is_empty() || ["stigmem", "system"].contains(&kind) {
        return None;
    }
    Some(format!("{SCHEME}node.example/{kind}/{id}"))
}

/// The percent escapes of some bytes decoded, in one pass.
pub(super) fn decoded(text: &str, which: fn(u8) -> bool) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(&byte) = rest.first() {
        let escaped = escape_at_start(rest).filter(|&byte| which(byte));
        decoded.push(escaped.unwrap_or(byte));
        let width = if escaped.is_some() { 3 } else { 1 };
        rest = &rest[width..];
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn escape_at_start(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = bytes else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// What Unicode's composed form does to the one letter that shows it.
pub(super) fn without_combining_accents(text: &str) -> String {
    text.replace("e\u{301}", "\u{e9}")
}

/// What Unicode's decomposed form does to the one letter that shows it.
pub(super) fn with_combining_accents(text: &str) -> String {
    text.replace('\u{e9}', "e\u{301}")
}
