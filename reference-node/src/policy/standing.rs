//! Policies of what facts do to each other: retraction, contradiction, resolution and expiry.

policies! {
}
