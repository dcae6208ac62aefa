//! Configurations that cannot be used, and the one that everybody starts from.

use crate::support::*;

/// The configuration of a load test against a double of the vendor, as it is handed around.
const HANDED_AROUND: &str = r#"
[listen]
address = "127.0.0.1:8787"
[data]
dir = "./data"
[[identity.key]]                 # a virtual key; stored hashed, given here by reference
name = "bench"
secret = "env:BENCH_KEY"
organisation = "demo"
team = "bench"
[[backend]]
name = "vendor"
kind = "anthropic"
base_url = "http://127.0.0.1:9100"
key = "env:VENDOR_KEY"
region = "us-east-1"
[[model]]
name = "claude-bench"
backends = ["vendor"]
upstream_name = "claude-sonnet-4-5"
[[price]]
model = "claude-bench"
currency = "USD"
input_per_million = "3.00"
output_per_million = "15.00"
cache_read_per_million = "0.30"
cache_write_5m_per_million = "3.75"
cache_write_1h_per_million = "6.00"
"#;

#[test]
fn the_configuration_handed_around_works_as_written() {
    let vendor = Vendor::start();
    let home = Home::new(HANDED_AROUND);
    let mut check = home.command();
    check.arg("check").arg(home.config()).env("BENCH_KEY", "12345678").env("VENDOR_KEY", "x");
    let output = check.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    // Other addresses than these cannot be had in a test.
    let config = HANDED_AROUND
        .replace("127.0.0.1:8787", "127.0.0.1:0")
        .replace("http://127.0.0.1:9100", &vendor.url());
    home.configure(&config);
    let plane = home.serve();
    vendor.next(&["cache_read=7;cache_write=5;cache_write_1h=2"]);
    let answer = plane.send(&Wire::Messages.ask("claude-bench", false, ""));
    assert_eq!(answer.status, 200);
    assert!(text(&vendor.last().body).contains("\"model\":\"claude-sonnet-4-5\""));
    plane.stop();
    let call = home.only_call();
    assert_eq!((&call["state"], &call["region"]), (&"settled".into(), &"us-east-1".into()));
    assert_eq!(call["principal"], "demo/bench/bench");
    // Pitfalls 22, 23: each kind of token at its own rate, in 10⁻¹².
    let expected = 3 * 3_000_000 + 7 * 300_000 + 5 * 3_750_000 + 2 * 6_000_000 + 20 * 15_000_000;
    assert_eq!(pico(&call["charge"]), expected, "{call}");
    assert_eq!((&call["policy"], &call["residency"]), (&"not evaluated".into(), &"not evaluated".into()));
    assert!(home.data().is_dir(), "`./data` is relative to the file");
}

/// What `serve` says to a configuration that cannot be used.
fn refused(config: &str) -> String {
    let home = Home::new(config);
    let output = home.serve_command().output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(!said.contains("panicked") && !said.contains(CALLER_KEY), "{said}");
    let check = home.run_check();
    assert_eq!(check.status.code(), Some(2), "check: {}", text(&check.stderr));
    said
}

#[test]
fn mistakes_are_shown_with_their_line() {
    let good = usual("http://127.0.0.1:9", "");
    for (from, to, shown) in [
        ("[data]", "[data", "[data"),
        ("kind = \"echo\"", "kind = \"eccho\"", "eccho"),
        ("team = \"bench\"", "team = \"bench\"\nteem = \"bench\"", "teem"),
        ("address = \"127.0.0.1:0\"", "address = \"nowhere\"", "nowhere"),
        ("backends = [\"echo\"]", "backends = [\"ecco\"]", "ecco"),
        ("output_per_million = \"15.00\"", "output_per_million = \"much\"", "much"),
        ("output_per_million = \"15.00\"", "output_per_million = \"-1\"", "-1"),
        ("currency = \"USD\"", "currency = \"dollars\"", "dollars"),
        ("base_url = \"http://127.0.0.1:9\"", "base_url = \"ftp://x\"", "ftp://x"),
        ("organisation = \"demo\"", "organisation = 7", "7"),
    ] {
        assert!(good.contains(from), "{from}");
        let said = refused(&good.replacen(from, to, 1));
        assert!(said.contains("offtake.toml:") && said.contains(shown), "{to}: {said}");
    }
}

#[test]
fn a_secret_that_cannot_be_had_is_named() {
    let config = usual("http://127.0.0.1:9", "");
    let said = refused(&config.replacen("env:BENCH_KEY", "env:NO_SUCH_VARIABLE", 1));
    assert!(said.contains("NO_SUCH_VARIABLE") && said.contains("offtake.toml:"), "{said}");
    let said = refused(&config.replacen("env:VENDOR_KEY", "file:no-such-file", 1));
    assert!(said.contains("no-such-file"), "{said}");
    // A secret in the file itself is refused, and not repeated.
    let said = refused(
        &config.replacen("env:BENCH_KEY", "inline-secret-canary", 1).replace("env:VENDOR_KEY", "env:HOME"),
    );
    assert!(said.contains("env:NAME"), "{said}");
}

#[test]
fn a_file_that_cannot_be_read() {
    let home = Home::new("");
    for (name, bytes) in [("missing.toml", None), ("binary.toml", Some(b"\xff\xfe\0\x01"))] {
        let path = home.path().join(name);
        if let Some(bytes) = bytes {
            std::fs::write(&path, bytes).unwrap();
        }
        for verb in ["serve", "check"] {
            let mut command = home.command();
            command.arg(verb);
            if verb == "serve" {
                command.arg("--config");
            }
            let output = command.arg(&path).output().unwrap();
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{verb} {name}: {said}");
            assert!(said.contains(name), "{verb} {name}: {said}");
        }
    }
}

#[test]
fn a_data_directory_in_use_is_not_touched() {
    let home = Home::new(&usual("http://127.0.0.1:9", ""));
    let plane = home.serve();
    let output = home.serve_command().output().unwrap();
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("in use"), "{said}");
    assert!(said.contains("data"), "{said}");
    assert_eq!(plane.send(&Wire::Messages.ask("echo", true, "")).status, 200);
    plane.stop();
    home.is_sound();
}

#[test]
fn an_address_in_use_is_said() {
    let (one, other) = (Home::new(&usual("http://127.0.0.1:9", "")), Home::new(""));
    let plane = one.serve();
    other.configure(&usual("http://127.0.0.1:9", "").replace("127.0.0.1:0", &plane.address.to_string()));
    let output = other.serve_command().output().unwrap();
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains(&plane.address.to_string()), "{said}");
}

#[test]
fn relative_paths_are_relative_to_the_file() {
    let config = usual("http://127.0.0.1:9", "").replace("env:BENCH_KEY", "file:keys/caller");
    let home = Home::new(&config.replace("dir = \"data\"", "dir = \"kept/here\""));
    std::fs::create_dir(home.path().join("keys")).unwrap();
    std::fs::write(home.path().join("keys/caller"), format!("{CALLER_KEY}\n")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = home.serve_command();
    command.current_dir(elsewhere.path());
    let plane = home.start(command).unwrap();
    assert_eq!(plane.send(&Wire::Converse.ask("echo", false, "")).status, 200);
    plane.stop();
    assert!(home.path().join("kept/here/journal").is_dir());
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn a_change_that_cannot_be_used_is_shown_and_changes_nothing() {
    let home = Home::new("");
    std::fs::create_dir(home.path().join("policies")).unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(home.path().join("policies").join(name), text).unwrap();
    };
    write("use.cedar", "permit (principal, action, resource);");
    write("notes.txt", "not a policy");
    let config = usual("http://127.0.0.1:1", "") + "[policy]\nfiles = [\"policies\"]\n";
    home.configure(&config);
    let plane = home.serve();
    let call = || plane.send(&Wire::Messages.ask("echo", false, "")).status;
    let shown = || {
        let page = plane.send(&Ask::get("/").with("host", &plane.address.to_string()));
        let metrics = text(&plane.send(&Ask::get("/metrics")).body);
        (text(&page.body), metrics.contains("\nofftake_configuration_refused 1\n"))
    };
    assert_eq!((call(), shown().1), (200, false));
    // A file more in the folder, with two mistakes: the policies that served serve on.
    write(
        "more.cedar",
        "forbid (principal is Offtake::Robot, action, resource);\nforbid (principal, action, resource)\nwhen { principal.age > 3 };",
    );
    eventually("the mistakes are on the page", || {
        shown().0.contains("The changed configuration is not used")
    });
    let (page, metered) = shown();
    for part in ["more.cedar:1:", "Offtake::Robot", "more.cedar:3:", "principal.age", "did you mean"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(metered && plane.log().contains("more.cedar:3:"));
    assert_eq!(call(), 200);
    write("more.cedar", "forbid (principal, action, resource);");
    eventually("the mended policies serve", || call() == 403);
    let (page, metered) = shown();
    assert!(!metered && !page.contains("is not used"));
    // What is wrong is told without a secret that was written where a reference belongs.
    home.configure(&config.replace("secret = \"env:BENCH_KEY\"", "secret = \"hunter2hunter2\""));
    eventually("it is refused", || shown().0.contains("given by reference"));
    assert!(!shown().0.contains("hunter2") && !plane.log().contains("hunter2"));
}
