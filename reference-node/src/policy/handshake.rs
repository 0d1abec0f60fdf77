//! Policies of peers, their declarations, load and the audit log.

policies! {
}
