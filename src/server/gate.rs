//! Who is let in: a cap on all connections and one per address, so that no single client can take every place.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ipnet::IpNet;

use super::limits::{Limits, RESERVE};

/// Of the reserve, what one address may take.
const RESERVE_PER_ADDRESS: usize = RESERVE / 4;

/// Counts the open connections.
#[derive(Debug)]
pub(super) struct Gate {
    max: usize,
    per_address: usize,
    trusted: Vec<IpNet>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: Count,
    by_address: HashMap<IpAddr, Count>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    within: usize,
    above: usize,
}

impl Count {
    fn of(&mut self, above: bool) -> &mut usize {
        if above { &mut self.above } else { &mut self.within }
    }
}

impl Gate {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            max: limits.max_connections,
            per_address: limits.per_address,
            trusted: limits.trusted.clone(),
            open: Mutex::default(),
        }
    }

    /// A place for a connection from `peer`, within the caps or in the reserve above them; `None` when that is
    /// full too.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Ticket> {
        let peer = peer.to_canonical();
        let trusted = self.trusted.iter().any(|net| net.contains(&peer));
        let address = (!trusted).then(|| counted_as(peer));

        let mut open = self.open();
        let all = open.all;
        let here = address.and_then(|address| open.by_address.get(&address).copied()).unwrap_or_default();
        let above = all.within >= self.max || (address.is_some() && here.within >= self.per_address);
        if above && (all.above >= RESERVE || here.above >= RESERVE_PER_ADDRESS) {
            return None;
        }
        *open.all.of(above) += 1;
        if let Some(address) = address {
            *open.by_address.entry(address).or_default().of(above) += 1;
        }
        Some(Ticket { gate: Arc::clone(self), address, above })
    }

    fn leave(&self, address: Option<IpAddr>, above: bool) {
        let mut open = self.open();
        *open.all.of(above) -= 1;
        let Some(address) = address else { return };
        if let Some(count) = open.by_address.get_mut(&address) {
            *count.of(above) -= 1;
            if count.within + count.above == 0 {
                open.by_address.remove(&address);
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An IPv6 client owns at least a /64, so that is what is counted.
fn counted_as(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    gate: Arc<Gate>,
    address: Option<IpAddr>,
    above: bool,
}

impl Ticket {
    /// Whether the place is in the reserve above the caps.
    pub(super) fn is_over_cap(&self) -> bool {
        self.above
    }

    /// Whether a trusted proxy holds it.
    pub(super) fn is_of_proxy(&self) -> bool {
        self.address.is_none()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.gate.leave(self.address, self.above);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(max: usize, per_address: usize) -> Arc<Gate> {
        let trusted = vec!["10.0.0.0/8".parse().expect("a network")];
        Arc::new(Gate::new(&Limits { max_connections: max, per_address, trusted, ..Limits::default() }))
    }

    fn enter(gate: &Arc<Gate>, peer: &str) -> Option<Ticket> {
        gate.admit(peer.parse().expect("an address"))
    }

    fn enter_many(gate: &Arc<Gate>, peer: &str, times: usize) -> Vec<Ticket> {
        (0..times).filter_map(|_| enter(gate, peer)).collect()
    }

    #[test]
    fn one_address_cannot_take_every_place() {
        let gate = gate(100, 3);
        let held = enter_many(&gate, "192.0.2.1", 50);
        assert_eq!(held.iter().filter(|ticket| !ticket.is_over_cap()).count(), 3);
        assert_eq!(held.iter().filter(|ticket| ticket.is_over_cap()).count(), RESERVE_PER_ADDRESS);
        assert!(enter(&gate, "192.0.2.2").is_some_and(|ticket| !ticket.is_over_cap()));
    }

    #[test]
    fn a_trusted_proxy_speaks_for_many() {
        let gate = gate(100, 3);
        assert!(enter_many(&gate, "10.1.2.3", 50).iter().all(|ticket| !ticket.is_over_cap()));
    }

    #[test]
    fn ipv6_is_counted_by_64_and_mapped_ipv4_as_ipv4() {
        let gate = gate(100, 1);
        let _first = enter(&gate, "2001:db8::1");
        assert!(enter(&gate, "2001:db8::ffff").is_some_and(|ticket| ticket.is_over_cap()));
        assert!(enter(&gate, "2001:db8:0:1::1").is_some_and(|ticket| !ticket.is_over_cap()));
        let _mapped = enter(&gate, "::ffff:192.0.2.1");
        assert!(enter(&gate, "192.0.2.1").is_some_and(|ticket| ticket.is_over_cap()));
    }

    #[test]
    fn places_come_back() {
        let gate = gate(2, 2);
        drop(enter_many(&gate, "192.0.2.1", 200));
        let open = gate.open();
        assert_eq!((open.all.within, open.all.above, open.by_address.len()), (0, 0, 0));
    }
}
