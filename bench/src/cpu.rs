//! The processor time of other processes, as Linux counts it.

use std::fs;
use std::io;

/// Linux reports process times in hundredths of a second on every architecture (`USER_HZ`).
const MICROS_PER_TICK: u64 = 10_000;

/// User and system time of process `pid` with all its threads, in microseconds (in steps of 10 ms).
///
/// # Errors
/// The process is gone, or this is not Linux.
pub fn micros(pid: u32) -> io::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    ticks(&stat).map(|ticks| ticks * MICROS_PER_TICK).ok_or_else(|| io::Error::other("unreadable stat"))
}

/// `utime + stime` of a `/proc/PID/stat` line (proc(5), fields 14 and 15). The program's name, field 2, may
/// itself hold blanks and brackets, so counting starts behind its last one.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_behind_the_name() {
        let line = "7 (a (b) c) S 1 7 7 0 -1 4194560 100 0 0 0 31 11 0 0 20 0 1 0 100 0 0";
        assert_eq!(ticks(line), Some(42));
        assert_eq!(ticks("7 (a"), None);
    }

    #[test]
    fn own_time_is_readable() {
        assert!(micros(std::process::id()).is_ok());
    }
}
