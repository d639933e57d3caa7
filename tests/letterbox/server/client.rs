//! A client that counts every byte, and what tests with it share.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use letterbox::connection::Timeouts;
use letterbox::server::Limits;
use socket2::{Domain, SockRef, Socket, Type};

/// One GET that leaves the connection open.
pub const GET: &str = "GET /contact HTTP/1.1\r\nhost: t\r\n\r\n";

/// One TCP connection.
pub struct Client {
    pub tcp: TcpStream,
}

impl Client {
    pub fn connect(port: u16) -> Self {
        Self::over(TcpStream::connect(("127.0.0.1", port)).unwrap())
    }

    /// One whose buffer is as small as the system allows.
    pub fn with_tiny_buffer(port: u16) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.connect(&SocketAddr::from(([127, 0, 0, 1], port)).into()).unwrap();
        Self::over(socket.into())
    }

    /// One of another address of this machine.
    pub fn from_address(from: [u8; 4], port: u16) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
        socket.connect(&SocketAddr::from(([127, 0, 0, 1], port)).into()).unwrap();
        Self::over(socket.into())
    }

    fn over(tcp: TcpStream) -> Self {
        tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        tcp.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        tcp.set_nodelay(true).unwrap();
        Self { tcp }
    }

    pub fn send(&mut self, text: &str) {
        self.tcp.write_all(text.as_bytes()).unwrap();
    }

    /// Everything until the other side closes.
    pub fn hear_out(&mut self) -> String {
        let mut bytes = Vec::new();
        if let Err(error) = self.tcp.read_to_end(&mut bytes) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// One answer with a content-length; none when the connection ends before it.
    pub fn answer(&mut self) -> Option<String> {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            self.tcp.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.tcp.read_exact(&mut body).ok()?;
        Some(head + &String::from_utf8_lossy(&body))
    }

    /// Sends a byte now and then until the server hangs up, and tells what it said.
    pub fn dribble(&mut self) -> String {
        let (mut heard, mut part) = (Vec::new(), [0; 4096]);
        let start = Instant::now();
        self.tcp.set_read_timeout(Some(Duration::from_millis(60))).unwrap();
        loop {
            assert!(start.elapsed() < Duration::from_secs(30), "still open: {}", String::from_utf8_lossy(&heard));
            match self.tcp.read(&mut part) {
                Ok(0) => break,
                Ok(count) => heard.extend_from_slice(&part[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if self.tcp.write_all(b"a").is_err() {
                        break;
                    }
                }
                Err(_) => break,
            }
        }
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// Ends the connection with RST.
    pub fn reset(self) {
        SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// Asks once on a connection of its own.
pub fn ask(port: u16, path: &str) -> String {
    let mut client = Client::connect(port);
    client.send(&format!("GET {path} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n"));
    client.hear_out()
}

/// A letter as a browser posts it, of letters, digits and spaces.
pub fn letter(message: &str) -> String {
    let body = format!("name=Ada&email=ada%40example.com&message={}", message.replace(' ', "+"));
    format!(
        "POST /contact HTTP/1.1\r\nhost: t\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Timeouts so short that a test can outwait them.
pub fn short(limits: &mut Limits) {
    limits.timeouts = Timeouts {
        head: Duration::from_millis(500),
        idle: Duration::from_millis(300),
        proxy_idle: Duration::from_millis(300),
        body: Duration::from_millis(500),
        handler: Duration::from_secs(20),
        write_stall: Duration::from_millis(800),
    };
}

/// An idle time that no test outlasts.
pub fn patient(limits: &mut Limits) {
    limits.timeouts.idle = Duration::from_secs(60);
}

/// Asserts that `heard` begins with the house's error page with its headers, which says that the connection ends.
pub fn assert_last_page(heard: &str, status: &str) {
    assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
    for part in ["connection: close\r\n", "content-security-policy: ", "x-request-id: ", "cache-control: no-store"] {
        assert_eq!(heard.matches(part).count(), 1, "{part} in {heard}");
    }
    assert!(heard.contains("<h1") && heard.trim_end().ends_with("</html>"), "{heard}");
}

/// Waits until `condition` holds; the deadline only ends a test that fails.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::yield_now();
    }
}
