//! What the node does at each place where it could do wrong, as values that the rules ask for. There is one right value for each, and
//! an ordinary build knows no way to another: `now()` is a constant there, and what depends on other values is not compiled in.
//!
//! A build with the feature `deviations` takes wrong values from the variable `STIGMEM_DEVIATION`, `Policy=Value` with commas
//! between, so that the conformance kit can show that its cases catch a node that does so. The files in `harness/deviations`
//! say which requirement each value breaks.

/// Declares policies: the right value first, then the wrong ones.
macro_rules! policies {
    ($($(#[$doc:meta])* $name:ident { $(#[$right_doc:meta])* $right:ident $(, $(#[$wrong_doc:meta])* $wrong:ident)+ $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq)]
            #[allow(clippy::enum_variant_names, reason = "values are read as answers to what the policy asks")]
            #[cfg_attr(not(feature = "deviations"), allow(dead_code, reason = "an ordinary build takes the right value alone"))]
            pub(crate) enum $name {
                $(#[$right_doc])*
                $right,
                $($(#[$wrong_doc])* $wrong,)+
            }

            impl $name {
                #[cfg(not(feature = "deviations"))]
                #[inline(always)]
                pub(crate) const fn now() -> Self {
                    Self::$right
                }

                #[cfg(feature = "deviations")]
                pub(crate) fn now() -> Self {
                    static NOW: std::sync::OnceLock<$name> = std::sync::OnceLock::new();
                    *NOW.get_or_init(|| match $crate::policy::deviations::value(stringify!($name)) {
                        $(Some(stringify!($wrong)) => Self::$wrong,)+
                        _ => Self::$right,
                    })
                }
            }
        )*

        /// Each policy with its wrong values.
        #[cfg(feature = "deviations")]
        pub(super) const KNOWN: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($wrong)),+])),*];
    };
}

mod arrivals;
mod audit;
mod decay;
#[cfg(feature = "deviations")]
pub(crate) mod deviations;
mod disputes;
mod exchange;
mod facts;
mod handshake;
mod ingest;
mod json;
mod keys;
mod lint;
mod lists;
mod load;
mod losses;
mod nonces;
mod peers;
mod pulling;
mod push;
mod reading;
mod scopes;
mod showing;
mod standing;
mod synthesis;
mod telling;
mod tokens;

pub(crate) use arrivals::*;
pub(crate) use audit::*;
pub(crate) use decay::*;
pub(crate) use disputes::*;
pub(crate) use exchange::*;
pub(crate) use facts::*;
pub(crate) use handshake::*;
pub(crate) use ingest::*;
pub(crate) use json::*;
pub(crate) use keys::*;
pub(crate) use lint::*;
pub(crate) use lists::*;
pub(crate) use load::*;
pub(crate) use losses::*;
pub(crate) use nonces::*;
pub(crate) use peers::*;
pub(crate) use pulling::*;
pub(crate) use push::*;
pub(crate) use reading::*;
pub(crate) use scopes::*;
pub(crate) use showing::*;
pub(crate) use standing::*;
pub(crate) use synthesis::*;
pub(crate) use telling::*;
pub(crate) use tokens::*;

#[cfg(feature = "deviations")]
const AREAS: &[&[(&str, &[&str])]] = &[
    arrivals::KNOWN,
    audit::KNOWN,
    decay::KNOWN,
    disputes::KNOWN,
    exchange::KNOWN,
    facts::KNOWN,
    handshake::KNOWN,
    ingest::KNOWN,
    json::KNOWN,
    keys::KNOWN,
    lint::KNOWN,
    lists::KNOWN,
    load::KNOWN,
    losses::KNOWN,
    nonces::KNOWN,
    peers::KNOWN,
    pulling::KNOWN,
    push::KNOWN,
    reading::KNOWN,
    scopes::KNOWN,
    showing::KNOWN,
    standing::KNOWN,
    synthesis::KNOWN,
    telling::KNOWN,
    tokens::KNOWN,
];
