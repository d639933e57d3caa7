//! Machines of their own on a network of their own, in which links can be cut. They are name spaces of the kernel: they
//! touch no network of this machine, and go with the last process in them, however it ends.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Carries on what comes from one machine for another.
const HUB: &str = "ip link set lo up && echo 1 >/proc/sys/net/ipv4/ip_forward && echo open && read -r _";

/// The hub to which the machines are linked. Whoever is at the hub reaches all of them, whatever is cut.
pub struct Network {
    machines: Vec<String>,
}

impl Network {
    /// Carries out `act` at the hub of a new network; so is what its threads and processes do.
    pub fn within<T: Send>(act: impl FnOnce(&mut Self) -> T + Send) -> T {
        let mut hub = Command::new("unshare");
        hub.args(["--net", "sh", "-c", HUB]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut hub = hub.spawn().unwrap();
        let mut says = String::new();
        BufReader::new(hub.stdout.take().unwrap()).read_line(&mut says).unwrap();
        assert_eq!(says, "open\n", "root may make networks");
        let place = File::open(format!("/proc/{}/ns/net", hub.id())).unwrap();
        std::thread::scope(|scope| {
            let here = scope.spawn(|| {
                move_into_link_name_space(place.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
                leave(hub);
                act(&mut Self { machines: Vec::new() })
            });
            here.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Where the next machine will be.
    pub fn next(&self) -> String {
        address(self.machines.len(), 2)
    }

    /// Links the machine to the hub that consists of the process `pid` and what it has begun.
    pub fn link(&mut self, pid: u32) {
        let number = self.machines.len();
        let (link, pid, hub) = (format!("link{number}"), pid.to_string(), address(number, 1));
        ip(&["link", "add", &link, "type", "veth", "peer", "name", "hub", "netns", &pid]);
        ip(&["address", "add", &format!("{hub}/24"), "dev", &link]);
        ip(&["link", "set", &link, "up"]);
        let there = |arguments: &[&str]| run("nsenter", &[&["--net", "--target", &pid, "ip"], arguments].concat());
        there(&["link", "set", "lo", "up"]);
        there(&["address", "add", &format!("{}/24", self.next()), "dev", "hub"]);
        there(&["link", "set", "hub", "up"]);
        there(&["route", "add", "default", "via", &hub]);
        self.machines.push(link);
    }

    /// Nothing passes any more between this machine and all others, in neither direction, and nobody is told.
    pub fn cut(&self, machine: usize) {
        self.change("add", machine);
    }

    /// Everything passes again.
    pub fn heal(&self, machine: usize) {
        self.change("del", machine);
    }

    /// What is meant for the hub itself is not touched by rules: the kernel looks first whether it has arrived.
    fn change(&self, change: &str, machine: usize) {
        let there = address(machine, 2);
        for (number, link) in self.machines.iter().enumerate() {
            let all = if number == machine { "0.0.0.0/0" } else { &there };
            ip(&["rule", change, "iif", link, "to", all, "blackhole"]);
        }
    }
}

/// On each link the hub is the first host and the machine the second.
fn address(machine: usize, host: u8) -> String {
    format!("10.0.{machine}.{host}")
}

/// Somebody else is at the hub by now.
fn leave(mut hub: Child) {
    drop(hub.stdin.take());
    hub.wait().unwrap();
}

fn ip(arguments: &[&str]) {
    run("ip", arguments);
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
