use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// A network that can fall silent: a TCP proxy in front of a server on this machine.
pub struct Proxy {
    pub port: u16,
    open: watch::Sender<bool>,
    seen: Arc<Mutex<Seen>>,
    _runtime: Runtime,
}

/// What has come by on the way to the server.
#[derive(Default)]
struct Seen {
    /// What was sent while the network was silent.
    held: Vec<u8>,
    trap: Option<Trap>,
}

/// What makes one connection fall silent for good, once, while all others work.
struct Trap {
    /// Bytes on their way to the server.
    bytes: String,
    /// Whether they still arrive, and only what is answered does not.
    arrive: bool,
}

impl Proxy {
    /// In front of `port`.
    pub fn to(port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let own = listener.local_addr().unwrap().port();
        let (open, seen) = (watch::Sender::new(true), Arc::<Mutex<Seen>>::default());
        let (network, sees) = (open.subscribe(), Arc::clone(&seen));
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, port, network.clone(), Arc::clone(&sees)));
            }
        });
        Self { port: own, open, seen, _runtime: runtime }
    }

    /// Nothing arrives any more, and nobody is told.
    pub fn hold(&self) {
        self.open.send_replace(false);
    }

    /// What was held arrives after all.
    pub fn release(&self) {
        self.open.send_replace(true);
    }

    /// Whether these bytes were sent to the server and are being held.
    pub fn holds(&self, bytes: &str) -> bool {
        contains(&lock(&self.seen).held, bytes)
    }

    /// The next connection that carries these bytes to the server falls silent with them.
    pub fn silence_with(&self, bytes: &str) {
        lock(&self.seen).trap = Some(Trap { bytes: bytes.to_owned(), arrive: false });
    }

    /// On the next connection that carries these bytes to the server they arrive, and nothing comes back any more.
    pub fn lose_answer_to(&self, bytes: &str) {
        lock(&self.seen).trap = Some(Trap { bytes: bytes.to_owned(), arrive: true });
    }

    /// Whether what was said last of one connection has come about. If it has not, it will not any more.
    pub fn has_silenced(&self) -> bool {
        lock(&self.seen).trap.take().is_none()
    }
}

async fn carry(client: TcpStream, port: u16, mut network: watch::Receiver<bool>, seen: Arc<Mutex<Seen>>) {
    let (there, home) = (watch::Sender::new(true), watch::Sender::new(true));
    let note = |bytes: &[u8], held: bool| {
        let mut seen = lock(&seen);
        if held {
            seen.held.extend_from_slice(bytes);
        }
        if let Some(trap) = seen.trap.take_if(|trap| contains(bytes, &trap.bytes)) {
            if trap.arrive { &home } else { &there }.send_replace(false);
        }
    };
    if network.wait_for(|open| *open).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let mut ways = [[network.clone(), there.subscribe()], [network, home.subscribe()]];
    let [way_there, way_home] = &mut ways;
    let there = pump(&client, &server, way_there, note);
    let home = pump(&server, &client, way_home, |_, _| {});
    tokio::select! { _ = there => {}, _ = home => {} }
}

/// Carries bytes one way until an end closes; what comes while the way is silent waits.
async fn pump(
    from: &TcpStream,
    to: &TcpStream,
    way: &mut [watch::Receiver<bool>; 2],
    note: impl Fn(&[u8], bool),
) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        from.readable().await?;
        let read = match from.try_read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        note(&buffer[..read], !*way[0].borrow());
        for open in way.iter_mut() {
            open.wait_for(|open| *open).await.map_err(io::Error::other)?;
        }
        let mut left = &buffer[..read];
        while !left.is_empty() {
            to.writable().await?;
            match to.try_write(left) {
                Ok(written) => left = &left[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap()
}
