//! Policies of peer tokens and of pushing.

policies! {
}
