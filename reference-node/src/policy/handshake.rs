//! Policies of peers, their declarations and tokens, pushing, load and the audit log.

policies! {
}
