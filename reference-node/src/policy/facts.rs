//! Policies of what a fact is: its members, values, names, clocks and content id.

policies! {
}
