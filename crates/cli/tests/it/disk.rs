//! A full disk: new calls are refused in their own protocol's words, nothing acknowledged is lost, and all is well
//! when there is room again.

use crate::support::*;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small disk of its own, unmounted when it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// None where this user may not mount.
    fn mount(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let options = format!("size={size}");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).output();
        mount.is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned()))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let mut file = std::fs::File::options().create(true).append(true).open(self.ballast()).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
        let _ = file.write_all(&[1; 1]);
    }

    fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_refuses_new_calls_and_loses_none() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let Some(disk) = Disk::mount(&home.data(), "8m") else {
        eprintln!("skipped: may not mount");
        return;
    };
    let plane = home.serve();
    let mut answered = 0;
    let mut ask = |wire: Wire, stream| {
        let answer = plane.send(&wire.ask("claude", stream, ""));
        let is_answered = answer.status == 200 && (!stream || wire.end(&answer.body) == End::Clean);
        answered += usize::from(is_answered);
        answer
    };
    for wire in Wire::ALL {
        assert_eq!(ask(wire, false).status, 200);
    }
    for _round in 0..2 {
        // One is under way when the disk fills up: there is room for its ending.
        vendor.next(&["tokens=40;slow=40"]);
        let mut under_way = plane.open(&Wire::Messages.ask("claude", true, ""));
        under_way.read_until("text_delta", 1);
        disk.fill();
        eventually("new calls are refused", || ask(Wire::Messages, false).status != 200);
        let calls = vendor.meter().total.calls;
        for wire in Wire::ALL {
            for stream in [false, true] {
                let answer = ask(wire, stream);
                assert_eq!(answer.status, 503, "{wire:?} {stream}");
                assert!(answer.header("retry-after").is_some());
                wire.error_type(&answer);
                assert!(text(&answer.body).contains("record"), "{}", text(&answer.body));
            }
        }
        assert_eq!(vendor.meter().total.calls, calls, "nothing was sent to a vendor");
        assert_eq!(Wire::Messages.end(&under_way.finish().body), End::Clean, "and it was finished");
        // Who only reads still reads.
        home.is_sound();
        assert!(home.run(&["ledger", "balance"]).status.success());
        assert!(!home.usage().is_empty());
        assert_eq!(plane.send(&Ask::get("/readyz")).status, 503);
        assert_eq!(plane.send(&Ask::get("/healthz")).status, 200);
        disk.free();
        eventually("calls are served again", || ask(Wire::Messages, false).status == 200);
    }
    let answered = answered + 2;
    eventually("all is settled", || home.usage().iter().all(|call| call["state"] == "settled"));
    plane.stop();
    let calls = home.usage();
    assert_eq!(calls.len(), answered, "each answered call, and no other");
    let sum = calls.iter().map(tokens).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert_eq!(sum, vendor.tokens());
    home.is_sound();
}

#[test]
fn a_plane_that_starts_on_a_full_disk_says_so() {
    let vendor = Vendor::start();
    let home = Home::new(&usual(&vendor.url(), ""));
    let Some(disk) = Disk::mount(&home.data(), "8m") else {
        eprintln!("skipped: may not mount");
        return;
    };
    disk.fill();
    let said = home.try_serve().map(drop).unwrap_err();
    assert!(said.starts_with("error") || said.contains("\nerror"), "{said}");
    let is_clear = ["no room", "No space", "disk", "full"].iter().any(|words| said.contains(words));
    assert!(is_clear && !said.contains("panicked"), "{said}");
    disk.free();
    let plane = home.serve();
    assert_eq!(plane.send(&Wire::Chat.ask("gpt", true, "")).status, 200);
}
