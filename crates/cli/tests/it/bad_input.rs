//! What no client should send: each is refused in its own protocol's words, costs nothing and leaves no record.

use crate::support::*;
use serde_json::json;

const WIRES: [Wire; 4] = Wire::ALL;

fn limited() -> String {
    usual(&nobody(), "").replace(
        "address = \"127.0.0.1:0\"",
        "address = \"127.0.0.1:0\"\nbody_bytes_max = 20000\nheader_bytes_max = 8000",
    )
}

/// A plane; after `check`, nothing is on record and it still serves.
fn refuses(check: impl Fn(&Plane)) {
    let home = Home::new(&limited());
    let plane = home.serve();
    check(&plane);
    assert_eq!(plane.send(&Wire::Messages.ask("echo", false, "")).status, 200, "it is still alive");
    plane.stop();
    assert_eq!(home.usage().len(), 1, "refused requests are no calls");
    home.is_sound();
}

fn is_refused(plane: &Plane, wire: Wire, ask: &Ask, status: u16) {
    let answer = plane.send(ask);
    let excerpt: String = text(&ask.body).chars().take(80).collect();
    assert_eq!(answer.status, status, "{wire:?} {} {excerpt}: {}", ask.path, text(&answer.body));
    let kind = wire.error_type(&answer);
    let expected: &[&str] = match (wire, status) {
        (Wire::Messages, 400) => &["invalid_request_error"],
        (Wire::Messages, 401) => &["authentication_error"],
        (Wire::Messages, 404) => &["not_found_error"],
        (Wire::Messages, 413) => &["request_too_large"],
        (Wire::Chat, _) => &["invalid_request_error", "authentication_error"],
        (Wire::Converse | Wire::Invoke, 400) => &["ValidationException"],
        (Wire::Converse | Wire::Invoke, 403) => &[
            "AccessDeniedException",
            "UnrecognizedClientException",
            "IncompleteSignatureException",
            "MissingAuthenticationTokenException",
            "InvalidSignatureException",
        ],
        (Wire::Converse | Wire::Invoke, 404) => &["ResourceNotFoundException"],
        _ => &[],
    };
    assert!(expected.contains(&kind.as_str()), "{wire:?} {status}: {kind}");
}

#[test]
fn bodies_that_are_no_request() {
    refuses(|plane| {
        for wire in WIRES {
            for stream in [false, true] {
                let path = wire.path("echo", stream);
                for body in [
                    "",
                    "{",
                    "null",
                    "[]",
                    "\"text\"",
                    "{}",
                    "\u{0}\u{1}",
                    "{\"model\":\"echo\"",
                    "{\"model\":\"echo\",\"max_tokens\":9,\"messages\":3}",
                    "{\"model\":\"echo\",\"max_tokens\":9,\"messages\":[7]}",
                    "{\"model\":\"echo\",\"max_tokens\":9,\"messages\":[{\"role\":9,\"content\":\"x\"}]}",
                    "{\"model\":\"echo\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":{}}]}",
                    "{\"model\":\"echo\",\"max_tokens\":9,\"messages\":[]}",
                    "{\"model\":\"echo\",\"max_tokens\":9}",
                    "{\"model\":\"echo\",\"max_tokens\":9,\"messages\":[]} trailing",
                ] {
                    // A body without any model asks for one that does not exist.
                    let no_model = body == "{}" && matches!(wire, Wire::Messages | Wire::Chat);
                    let answer = plane.send(&Ask::post(&path, body));
                    if no_model && answer.status == 404 {
                        wire.error_type(&answer);
                        continue;
                    }
                    is_refused(plane, wire, &Ask::post(&path, body), 400);
                }
                let bytes = [b"{\"model\":\"echo\",\"messages\":\"\xff\xfe\"}".to_vec(), vec![0xff; 300]];
                for body in bytes {
                    is_refused(plane, wire, &Ask::post(&path, body), 400);
                }
                let deep = format!("{{\"model\":\"echo\",\"messages\":{}", "[".repeat(9000));
                is_refused(plane, wire, &Ask::post(&path, deep), 400);
            }
        }
    });
}

#[test]
fn fields_that_are_missing_or_of_another_type() {
    refuses(|plane| {
        let messages = json!([{"role": "user", "content": "hi"}]);
        for body in [
            json!({"max_tokens": "many", "model": "echo", "messages": messages}),
            json!({"model": "echo", "messages": messages}),
            json!({"max_tokens": 0, "model": "echo", "messages": messages}),
            json!({"max_tokens": -1, "model": "echo", "messages": messages}),
            json!({"max_tokens": 9, "model": 7, "messages": messages}),
            json!({"max_tokens": 9, "model": "echo", "messages": messages, "stream": "yes"}),
            json!({"max_tokens": 9, "model": "echo", "messages": messages, "temperature": "hot"}),
        ] {
            is_refused(plane, Wire::Messages, &Ask::post("/v1/messages", body.to_string()), 400);
        }
        for body in [
            json!({"model": "echo"}),
            json!({"model": "echo", "messages": messages, "max_tokens": "many"}),
            json!({"model": "echo", "messages": messages, "stream": 1}),
        ] {
            is_refused(plane, Wire::Chat, &Ask::post("/v1/chat/completions", body.to_string()), 400);
        }
    });
}

#[test]
fn unknown_models_and_paths() {
    refuses(|plane| {
        for wire in WIRES {
            for name in ["no-such-model", "../echo", "Echo", "echo%00", "x".repeat(4000).as_str()] {
                is_refused(plane, wire, &wire.ask(name, false, ""), 404);
                is_refused(plane, wire, &wire.ask(name, true, ""), 404);
            }
        }
        for (wire, path) in [
            (Wire::Chat, "/v1/nothing"),
            (Wire::Messages, "/v1/messages/extra"),
            (Wire::Messages, "/v1/messages/"),
            (Wire::Chat, "/v1/chat/nothing"),
            (Wire::Converse, "/model/echo/unknown"),
        ] {
            is_refused(plane, wire, &Ask::post(path, "{}"), 404);
        }
        for wire in WIRES {
            let ask = Ask::get(&wire.path("echo", false));
            is_refused(plane, wire, &ask.with("authorization", &format!("Bearer {CALLER_KEY}")), 404);
        }
    });
}

#[test]
fn content_types_and_sizes() {
    refuses(|plane| {
        for wire in WIRES {
            let ask = wire.ask("echo", false, "").without("content-type");
            for kind in ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
            {
                is_refused(plane, wire, &ask.clone().with("content-type", kind), 400);
            }
            let large = Ask::post(&wire.path("echo", false), vec![b' '; 20_001]);
            let too_large = if matches!(wire, Wire::Messages | Wire::Chat) { 413 } else { 400 };
            is_refused(plane, wire, &large, too_large);
            let head = wire.ask("echo", false, "").with("x-large", &"x".repeat(8_000));
            let answer = plane.send(&head);
            assert!(matches!(answer.status, 413 | 431 | 400), "{wire:?}: {}", answer.status);
            wire.error_type(&answer);
        }
        // Beyond what any HTTP server reads.
        let answer = plane.send(&Wire::Messages.ask("echo", false, "").with("x-large", &"x".repeat(1 << 20)));
        assert!(answer.status == 431 || answer.status == 0, "{}", answer.status);
    });
}

#[test]
fn pitfall_76_hostile_credentials() {
    refuses(|plane| {
        let long = "x".repeat(7000);
        for credential in [
            "Bearer ",
            "Bearer",
            "Bearer x",
            "Basic YTpi",
            "bearer\u{e9}",
            "Bearer ' OR 1=1 --",
            "Bearer ../../etc/passwd",
            "Bearer %00",
            "Bearer {{7*7}}",
            "Bearer $(id)",
            "Bearer a.b.c",
            "Bearer eyJhbGciOiJub25lIn0.e30.",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=",
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request",
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00",
            long.as_str(),
        ] {
            for wire in WIRES {
                let ask =
                    wire.ask("echo", false, "").without("authorization").with("authorization", credential);
                let status = if matches!(wire, Wire::Messages | Wire::Chat) { 401 } else { 403 };
                is_refused(plane, wire, &ask, status);
                let bare = wire.ask("echo", false, "").without("authorization");
                is_refused(plane, wire, &bare, status);
                is_refused(plane, wire, &bare.with("x-api-key", credential), status);
            }
        }
        // The key, all but its last byte, and with one more.
        for key in
            [&CALLER_KEY[..CALLER_KEY.len() - 1], &format!("{CALLER_KEY}x"), &CALLER_KEY.to_uppercase()]
        {
            let ask = Wire::Messages.ask("echo", false, "").without("authorization").with("x-api-key", key);
            is_refused(plane, Wire::Messages, &ask, 401);
        }
    });
}

#[test]
fn two_credentials_of_which_one_is_wrong() {
    refuses(|plane| {
        let good = format!("Bearer {CALLER_KEY}");
        let bare = Wire::Messages.ask("echo", false, "").without("authorization");
        for pair in [[good.as_str(), "Bearer wrong-key-here"], ["Bearer wrong-key-here", good.as_str()]] {
            let ask = bare.clone().with("authorization", pair[0]).with("authorization", pair[1]);
            let answer = plane.send(&ask);
            assert!(matches!(answer.status, 400 | 401), "{pair:?}: {}", answer.status);
            Wire::Messages.error_type(&answer);
        }
    });
}

#[test]
fn pitfall_82_a_caller_cannot_name_the_upstream() {
    let (vendor, attacker) = (Vendor::start(), Vendor::start());
    let home = Home::new(&usual(&vendor.url(), ""));
    let plane = home.serve();
    let url = attacker.url();
    for (wire, model) in [
        (Wire::Messages, "claude"),
        (Wire::Chat, "gpt"),
        (Wire::Converse, "claude"),
        (Wire::Invoke, "claude"),
    ] {
        let ask = wire.ask(model, false, "");
        let body = text(&ask.body).replacen(
            '{',
            &format!("{{\"api_base\":\"{url}\",\"base_url\":\"{url}\",\"api_key\":\"x\","),
            1,
        );
        let ask = Ask { body: body.into_bytes(), ..ask };
        let ask =
            ask.with("x-forwarded-host", url.trim_start_matches("http://")).with("host", "attacker.invalid");
        let answer = plane.send(&ask);
        assert!(matches!(answer.status, 200 | 400), "{wire:?}: {}", answer.status);
    }
    // An absolute address in the request line, and one in the model's name.
    for path in [format!("{url}/v1/messages"), format!("/model/{}/converse", url.replace('/', "%2F"))] {
        plane.send(&Ask { path, ..Wire::Messages.ask("claude", false, "") });
    }
    assert_eq!(attacker.meter().unauthorised + attacker.meter().total.calls, 0);
}

#[test]
fn bytes_that_are_no_http() {
    refuses(|plane| {
        use std::io::{Read, Write};
        for bytes in [
            b"\x16\x03\x01\x02\x00\x01\x00".as_slice(),
            b"GET\r\n\r\n",
            b"POST /v1/messages HTTP/9.9\r\n\r\n",
            b"POST /v1/messages HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
            b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrubbish that is no frame",
            b"\0\0\0\0",
        ] {
            let mut stream = std::net::TcpStream::connect(plane.address).unwrap();
            stream.write_all(bytes).unwrap();
            // The plane may have hung up already.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            assert!(!text(&answer).starts_with("HTTP/1.1 200"), "{}", text(&answer));
        }
    });
}

#[test]
fn a_body_far_over_the_limit_is_told_so() {
    refuses(|plane| {
        for wire in WIRES {
            let large = Ask::post(&wire.path("echo", false), vec![b' '; 16 << 20]);
            let too_large = if matches!(wire, Wire::Messages | Wire::Chat) { 413 } else { 400 };
            is_refused(plane, wire, &large, too_large);
        }
    });
}

#[test]
fn what_a_caller_wrote_is_in_no_log() {
    refuses(|plane| {
        const PROMPT: &str = "KEPT-OUT-OF-LOGS";
        for body in [
            format!("\"{PROMPT}\""),
            format!("{{\"model\": \"{PROMPT}\", \"max_tokens\": 9, \"messages\": [1]}}"),
            format!("{{\"model\": \"echo\", \"max_tokens\": 9, \"messages\": [{{\"role\": \"{PROMPT}\"}}]}}"),
        ] {
            for wire in WIRES {
                let answer = plane.send(&Ask::post(&wire.path("echo", false), body.clone()));
                assert!((400..500).contains(&answer.status), "{wire:?}: {}", answer.status);
            }
        }
        assert!(plane.log().contains("refused"), "{}", plane.log());
        assert!(!plane.log().contains(PROMPT), "{}", plane.log());
    });
}

#[test]
fn a_plane_without_a_file_to_spare_serves_again_when_there_is_one() {
    let home = Home::new(&limited());
    let serve = home.serve_command();
    let mut few = std::process::Command::new("sh");
    few.arg("-c").arg("ulimit -n 64; exec \"$0\" \"$@\"").arg(serve.get_program()).args(serve.get_args());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => few.env(name, value),
            None => few.env_remove(name),
        };
    }
    let plane = home.start(few).unwrap();
    let silent: Vec<_> = (0..90).filter_map(|_| std::net::TcpStream::connect(plane.address).ok()).collect();
    eventually("no file is left", || plane.log().contains("could not be taken"));
    drop(silent);
    assert_eq!(plane.send(&Wire::Messages.ask("echo", false, "")).status, 200);
    plane.stop();
    home.is_sound();
}
