//! The double's answers: shape, order, numbers, and a meter that agrees with them.

use crate::common::{CHAT, MESSAGES, ask, double, post, send};
use http::Request;
use serde_json::{Value, json};

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn anthropic_answers_alike_streamed_and_not() {
    let double = double().await;
    let orders = "tokens=3;thinking=2;tool;cache_read=7;cache_write=5;cache_write_1h=6";
    let whole = post(&double, MESSAGES, &ask(false, orders)).await;
    let streamed = post(&double, MESSAGES, &ask(true, orders)).await;

    let message = whole.json();
    let usage = &message["usage"];
    let counts = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens"];
    assert_eq!(counts.map(|key| usage[key].as_u64().unwrap()), [4, 7, 11, 9]);
    assert_eq!(usage["cache_creation"]["ephemeral_1h_input_tokens"], 6);
    assert_eq!(usage["output_tokens_details"]["thinking_tokens"], 2);
    assert_eq!(message["content"][1]["text"], "The naïve answer ");
    assert_eq!(message["content"][2]["input"], json!({"city": "東京"}));

    let events = streamed.events();
    let mut expected = vec!["message_start", "content_block_start"];
    expected.extend(["content_block_delta"; 3]); // two of thinking, one signature
    expected.extend(["content_block_stop", "content_block_start", "ping"]);
    expected.extend(["content_block_delta"; 3]);
    expected.extend(["content_block_stop", "content_block_start"]);
    expected.extend(["content_block_delta"; 4]);
    expected.extend(["content_block_stop", "message_delta", "message_stop"]);
    assert_eq!(kinds(&events), expected);
    assert_eq!(events[0]["message"]["usage"]["output_tokens"], 1);
    let last = &events[events.len() - 2];
    for key in counts {
        assert_eq!(last["usage"][key], usage[key], "{key}");
    }
    assert_eq!(last["delta"]["stop_reason"], "tool_use");
    assert_eq!(streamed.headers["request-id"], "req_double_2");

    let meter = double.meter().total;
    let counted =
        [meter.calls, meter.answered, meter.input_tokens, meter.output_tokens, meter.thinking_tokens];
    assert_eq!(counted, [2, 2, 8, 18, 4]);
    assert_eq!(
        [meter.cache_read_tokens, meter.cache_write_5m_tokens, meter.cache_write_1h_tokens],
        [14, 10, 12]
    );
}

#[tokio::test]
async fn openai_counts_are_inclusive_and_usage_comes_when_asked_for() {
    let double = double().await;
    let orders = "tokens=3;thinking=2;tool;cache_read=7;cache_write=5";
    let message = post(&double, CHAT, &ask(false, orders)).await.json();
    let usage = &message["usage"];
    let counts = ["prompt_tokens", "completion_tokens", "total_tokens"];
    assert_eq!(counts.map(|key| usage[key].as_u64().unwrap()), [16, 9, 25]);
    assert_eq!(usage["prompt_tokens_details"]["cached_tokens"], 7);
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 2);

    let plain = post(&double, CHAT, &ask(true, orders)).await;
    assert!(plain.events().iter().all(|chunk| chunk.get("usage").is_none()));
    assert!(plain.body.ends_with(b"data: [DONE]\n\n"));
    assert_eq!(plain.headers["x-request-id"], "req_double_2");

    let mut body = ask(true, orders);
    body["stream_options"] = json!({"include_usage": true});
    let events = post(&double, CHAT, &body).await.events();
    let last = events.last().unwrap();
    assert_eq!((&last["usage"], &last["choices"]), (usage, &json!([])));
    let arguments: String = events
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str())
        .collect();
    assert_eq!(arguments, message["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]);

    let meter = double.meter().total;
    assert_eq!(
        [meter.answered, meter.input_tokens, meter.output_tokens, meter.thinking_tokens],
        [3, 12, 27, 6]
    );
}

#[tokio::test]
async fn max_tokens_caps_an_answer() {
    let double = double().await;
    let mut body = ask(false, "tokens=50");
    body["max_tokens"] = json!(4);
    let anthropic = post(&double, MESSAGES, &body).await.json();
    assert_eq!(
        (&anthropic["stop_reason"], &anthropic["usage"]["output_tokens"]),
        (&json!("max_tokens"), &json!(4))
    );
    let openai = post(&double, CHAT, &body).await.json();
    assert_eq!(openai["choices"][0]["finish_reason"], "length");
}

#[tokio::test]
async fn counting_tokens_foretells_the_usage() {
    let double = double().await;
    let mut body = ask(false, "");
    body["system"] = json!([{"type": "text", "text": "Be brief, please."}]);
    let counted = post(&double, "/v1/messages/count_tokens", &body).await.json();
    let used = post(&double, MESSAGES, &body).await.json();
    assert_eq!(counted["input_tokens"], 10); // 4 + 12 + 4 + 17 bytes
    assert_eq!(counted["input_tokens"], used["usage"]["input_tokens"]);
    assert_eq!(double.meter().total.calls, 1, "counting is free");
}

#[tokio::test]
async fn the_wrong_key_is_refused_in_the_vendors_shape() {
    let double = double().await;
    for (path, header, wrong, kind) in [
        (MESSAGES, "x-api-key", "vendor-kez", "authentication_error"),
        (MESSAGES, "authorization", "Bearer vendor-key2", "authentication_error"),
        (CHAT, "authorization", "vendor-key", "invalid_request_error"),
        (CHAT, "x-api-key", "vendor-key", "invalid_request_error"),
    ] {
        let request = Request::post("/").header(header, wrong);
        let got = send(&format!("{}{path}", double.url()), request, ask(false, "").to_string()).await;
        assert_eq!(
            (got.status.as_u16(), &got.json()["error"]["type"]),
            (401, &json!(kind)),
            "{header}: {wrong}"
        );
    }
    let meter = double.meter();
    assert_eq!((meter.unauthorised, meter.total.calls), (4, 0));
}

#[tokio::test]
async fn bad_requests_are_refused_in_the_vendors_shape() {
    let double = double().await;
    let authorised = || Request::post("/").header("authorization", "Bearer vendor-key");
    for (path, body, message) in [
        (MESSAGES, r#"{"model":"#, "invalid JSON"),
        (MESSAGES, r#"{"messages":[]}"#, "model: field required"),
        (CHAT, r#"{"model":"m"}"#, "messages: field required"),
        (MESSAGES, r#"{"model":"m","messages":[],"max_tokens":1}"#, "anthropic-version: header is required"),
        (CHAT, r#"{"model":"m","messages":[],"user":"status=x"}"#, "`x` is no value"),
    ] {
        let got = send(&format!("{}{path}", double.url()), authorised(), body).await;
        let error = got.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(got.status == 400 && error.contains(message), "{body}: {} {error}", got.status);
    }
    let lost = send(&format!("{}/v1/nowhere", double.url()), authorised(), "").await;
    assert_eq!((lost.status.as_u16(), &lost.json()["error"]["code"]), (404, &json!("model_not_found")));
}

#[tokio::test]
async fn models_are_listed_in_either_shape() {
    let double = double().await;
    let url = format!("{}/v1/models", double.url());
    let get = || Request::get("/").header("authorization", "Bearer vendor-key");
    let openai = send(&url, get(), "").await.json();
    let anthropic = send(&url, get().header("anthropic-version", "2023-06-01"), "").await.json();
    assert_eq!((&openai["object"], &openai["data"][0]["id"]), (&json!("list"), &json!("gpt-double")));
    assert_eq!((&anthropic["has_more"], &anthropic["data"][0]["type"]), (&json!(false), &json!("model")));
    let one = send(&format!("{url}/any"), get(), "").await.json();
    assert_eq!(one["id"], "any");
}

#[tokio::test]
async fn what_arrived_can_be_seen_byte_for_byte() {
    let double = double().await;
    let mut body = ask(false, "echo_field=tomorrow");
    body["tomorrow"] = json!({"a": [1, "ü"]});
    let sent = format!(" {body}\n");
    let request =
        Request::post("/").header("x-api-key", "vendor-key").header("anthropic-version", "2023-06-01");
    let url = double.url();
    let got = send(
        &format!("{url}/v1/messages?beta=true"),
        request.header("anthropic-beta", "new-1"),
        sent.clone(),
    )
    .await;
    assert_eq!(got.json()["content"][0]["text"], r#"{"a":[1,"ü"]}"#);

    let last = double.last().unwrap();
    assert_eq!((last.body.as_ref(), last.target.as_str()), (sent.as_bytes(), "/v1/messages?beta=true"));
    assert_eq!(last.headers["anthropic-beta"], "new-1");
    assert_eq!(send(&format!("{url}/last/body"), Request::get("/"), "").await.body, sent.as_bytes());
    assert_eq!(send(&format!("{url}/last"), Request::get("/"), "").await.json()["body"], json!(sent));
}

#[tokio::test]
async fn the_meter_knows_models_apart_and_can_be_reset() {
    let double = double().await;
    for (model, path) in [("a", MESSAGES), ("a", CHAT), ("b", MESSAGES)] {
        let mut body = ask(false, "tokens=2");
        body["model"] = json!(model);
        post(&double, path, &body).await;
    }
    let url = double.url();
    let meter = send(&format!("{url}/meter"), Request::get("/"), "").await.json();
    assert_eq!(
        [&meter["calls"], &meter["models"]["a"]["calls"], &meter["models"]["b"]["output_tokens"]],
        [3, 2, 2]
    );
    assert_eq!(serde_json::to_value(double.meter()).unwrap(), meter);
    send(&format!("{url}/meter/reset"), Request::post("/"), "").await;
    assert_eq!(double.meter(), bench::double::Reading::default());
}
