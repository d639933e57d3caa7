//! Opening the listening socket.

use std::{
    io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the kernel holds until they are accepted.
const BACKLOG: i32 = 1024;

/// Bytes of an answer that may wait in the kernel unsent. The rest waits in the app, where its pace is measured; with
/// a deeper queue a client that takes it slowly could not be told from one that takes nothing.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 32 * 1024;

/// Listens on `host` (a name or an address) and `port` (0 for any free one). The error names both and keeps its kind.
pub fn bind(host: &str, port: u16) -> io::Result<TcpListener> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    listen_on_any((bare, port)).map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => "another program listens there",
            io::ErrorKind::PermissionDenied => "this user may not; ports under 1024 need a privilege",
            io::ErrorKind::AddrNotAvailable => "this machine has no such address",
            _ => "is it an address or name of this machine?",
        };
        io::Error::new(error.kind(), format!("cannot listen on {host}, port {port}: {error} ({advice})"))
    })
}

fn listen_on_any(addresses: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses.to_socket_addrs()? {
        match listen(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    // Accepted connections inherit both.
    socket.set_tcp_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_notsent_lowat(UNSENT)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_and_keeps_its_kind() {
        let first = bind("127.0.0.1", 0).expect("a free port");
        let port = first.local_addr().expect("an address").port();
        let error = bind("127.0.0.1", port).expect_err("the port is taken");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&port.to_string()), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn accepted_connections_inherit_the_options() {
        let listener = bind("127.0.0.1", 0).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let _client = std::net::TcpStream::connect(address).expect("a connection");
        let (accepted, _) = listener.accept().expect("a connection");
        let accepted = socket2::SockRef::from(&accepted);
        assert_eq!(accepted.tcp_notsent_lowat().expect("readable"), UNSENT);
        assert!(accepted.tcp_nodelay().expect("readable"));
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        let error = bind("192.0.2.1", 0).expect_err("not ours");
        assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
    }

    #[test]
    fn names_and_ipv6_are_understood() {
        bind("localhost", 0).expect("a name");
        if std::net::TcpListener::bind("[::1]:0").is_ok() {
            bind("::1", 0).expect("an IPv6 address");
            bind("[::1]", 0).expect("in brackets");
        }
    }
}
