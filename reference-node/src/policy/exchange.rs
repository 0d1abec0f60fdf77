//! Policies of serving, pulling, taking in and relaying facts.

policies! {
}
