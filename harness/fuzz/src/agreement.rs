//! One text before the two readers of each small pure rule, the harness's and the node's. They share no line, so where they differ one of
//! them is wrong, save where the specification leaves it open.

use stigmem_conformance::protocol::{
    cid,
    hlc::{self, Hlc},
    instant, uri,
};
use stigmem_node::fuzzing as node;

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    names(text);
    clocks(text);
    numbers(text);
    instants(text);
}

fn names(text: &str) {
    // The node takes no name of more than 4,096 bytes, and a name may grow.
    if text.len() > 2_000 {
        return;
    }
    let ours = uri::normalise(text).ok();
    assert_eq!(ours, node::name(text), "{text:?}");
    if let Some(normal) = ours {
        assert_eq!(uri::normalise(&normal).as_ref(), Ok(&normal), "{text:?}");
    }
}

fn clocks(text: &str) {
    let theirs = node::clock(text);
    match text.parse::<Hlc>() {
        Ok(clock) => {
            // The node keeps 63 bits of each part.
            let parts = i64::try_from(clock.wall).ok().zip(i64::try_from(clock.counter).ok());
            assert_eq!(parts, theirs, "{text:?}");
            assert_eq!(clock.to_string().parse(), Ok(clock), "{text:?}");
        }
        // Zeros in front.
        Err(hlc::Refusal::TooLong) => {}
        Err(_) => assert_eq!(None, theirs, "{text:?}"),
    }
}

fn numbers(text: &str) {
    let ours = cid::number_text(text).ok();
    assert_eq!(ours, node::number_text(text), "{text:?}");
    if let Some(stored) = ours {
        assert_eq!(cid::number_text(&stored), Ok(stored), "{text:?}");
    }
}

fn instants(text: &str) {
    let (one, other) = text.split_once('\n').unwrap_or((text, text));
    let read = |text: &str| {
        let ours = instant::parse(text).ok();
        // Lower case is left open.
        if !text.contains(['t', 'z']) {
            assert_eq!(ours.is_some(), node::is_instant(text), "{text:?}");
        }
        // And so is what a leap second is.
        ours.filter(|_| !text.contains(":60"))
    };
    if let (Some(a), Some(b)) = (read(one), read(other)) {
        assert_eq!(Some(a.cmp(&b)), node::compare_instants(one, other), "{text:?}");
    }
}
