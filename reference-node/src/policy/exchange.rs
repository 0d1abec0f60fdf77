//! Policies of serving, pulling and relaying facts, and of checkpoints.

policies! {
}
