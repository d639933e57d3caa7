//! A client that asks one thing after the other and costs next to nothing itself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

/// Who may log in to every Letterbox here.
pub const EMAIL: &str = "owner@example.com";
pub const PASSWORD: &str = "correct horse battery staple";

/// One keep-alive connection.
pub struct Client {
    stream: BufReader<TcpStream>,
    port: u16,
}

pub struct Answer {
    pub status: u16,
    /// Name in lower case, value.
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Its headers, one a line.
    pub fn head(&self) -> String {
        self.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Client {
    pub fn connect(port: u16) -> Self {
        Self::try_connect(port).unwrap()
    }

    pub fn try_connect(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), port })
    }

    /// `headers` are whole lines, each with its end.
    pub fn get(&mut self, path: &str, headers: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{headers}\r\n", self.port))
    }

    pub fn post(&mut self, path: &str, form: &str) -> Answer {
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            self.port,
            form.len()
        ))
    }

    fn ask(&mut self, request: &str) -> Answer {
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let status = self.line().split(' ').nth(1).expect("an answer").parse().unwrap();
        let mut headers = Vec::new();
        while let Some((name, value)) = self.line().split_once(": ") {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        if answer.header("transfer-encoding").is_some() {
            while let size @ 1.. = usize::from_str_radix(&self.line(), 16).unwrap() {
                answer.body.extend(self.bytes(size));
                self.line();
            }
            self.line();
        } else {
            answer.body = self.bytes(answer.header("content-length").map_or(0, |length| length.parse().unwrap()));
        }
        answer
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes
    }
}

/// The header with the cookies of a login, as a browser sends them back.
pub fn log_in(port: u16) -> String {
    let form = format!("email={}&password={}", EMAIL.replace('@', "%40"), PASSWORD.replace(' ', "+"));
    let answer = Client::connect(port).post("/login", &form);
    assert_eq!(answer.status, 303, "the login failed");
    let given = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let pairs: Vec<&str> = given.filter_map(|(_, value)| value.split(';').next()).collect();
    format!("Cookie: {}", pairs.join("; "))
}
