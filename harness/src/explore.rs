//! `explore`: random histories of several nodes, held to a small model of what must come of them.
//!
//! A *history* is drawn from the seed. The *model* reads it and says what each node must hold and show in the end. Both together make a
//! *script*, a case in the ordinary language of the vectors, which is played and judged like any other. A history that fails is made
//! smaller as long as its script fails in the same way.
//!
//! What the seed does not determine: when things happen, and with that which pulls fall between two deeds; the ids and clock values
//! that nodes give; the ports. A failure that hangs on those may not come again, and is then called what it is.

pub mod checks;
pub mod draw;
pub mod file;
pub mod history;
pub mod hunt;
pub mod model;
pub mod script;
pub mod shrink;
pub mod state;
pub mod trial;
pub mod values;
