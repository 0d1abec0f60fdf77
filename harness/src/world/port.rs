//! Ports for nodes and servers that are told where to listen, and that come and go there.

use std::{
    io::{Error, ErrorKind, Result},
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    ops::Range,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::net::TcpSocket;

use crate::seed;

/// A port of this machine at which nobody listened a moment ago, and which no other node here is given while this lives, be it a node of
/// this process or of another run of the kit.
#[derive(Debug)]
pub struct Port {
    pub number: u16,
    /// The same number of UDP, which no node of ours uses: taken there, it is taken for all runs of the kit, and the system gives it back
    /// however a run ends. Held in TCP it would be out of the node's reach.
    _held: UdpSocket,
}

impl Port {
    /// Not one of the system's choice: it gives those to links, peers and connections as well, before the node is up and while it is
    /// down between a kill and a restart, and whoever answers there then would be taken for the node.
    pub fn free() -> Result<Self> {
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(seed::fresh()));
        for _ in PORTS {
            let n = NEXT.fetch_add(1, Ordering::Relaxed) % u64::from(PORTS.end - PORTS.start);
            let number = PORTS.start + u16::try_from(n).unwrap_or_default();
            if let Ok(held) = UdpSocket::bind((Ipv4Addr::LOCALHOST, number))
                && is_free(number)
            {
                return Ok(Self { number, _held: held });
            }
        }
        Err(Error::new(
            ErrorKind::AddrInUse,
            format!("all ports from {} to {} are taken", PORTS.start, PORTS.end - 1),
        ))
    }
}

/// Looks without listening. Every process that is started at that moment inherits what this one has open, and has it until its program
/// begins: with a listener there, the node would find its port in use.
fn is_free(number: u16) -> bool {
    let look = || {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, number)))
    };
    look().is_ok()
}

/// Below those that systems choose from.
const PORTS: Range<u16> = 20_000..32_000;

#[cfg(test)]
mod tests {
    use std::{
        net::TcpListener,
        process::Command,
        sync::atomic::{AtomicBool, Ordering},
    };

    use super::*;

    #[test]
    fn a_port_is_nobody_elses_while_it_is_held() {
        let port = Port::free().unwrap();
        assert!(UdpSocket::bind((Ipv4Addr::LOCALHOST, port.number)).is_err());
        assert!(PORTS.contains(&port.number));
        assert_ne!(port.number, Port::free().unwrap().number);
    }

    #[test]
    fn a_port_with_a_listener_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(listener.local_addr().unwrap().port()));
    }

    #[test]
    fn a_port_can_be_listened_at_while_processes_are_started() {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        Command::new("true").status().unwrap();
                    }
                });
            }
            let listened = |port: Port| TcpListener::bind((Ipv4Addr::LOCALHOST, port.number));
            let taken = (0..3_000).find_map(|_| Port::free().and_then(listened).err());
            done.store(true, Ordering::Relaxed);
            assert!(taken.is_none(), "{taken:?}");
        });
    }
}
