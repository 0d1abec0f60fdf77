//! Policies of reading requests and answering them: bodies, queries, pages, keys and scopes.

policies! {
}
