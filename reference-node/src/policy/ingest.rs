//! Policies of taking in what other nodes send.

policies! {
}
