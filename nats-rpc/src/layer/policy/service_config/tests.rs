//! The rules of gRFC A6, in its words and order, and what else is refused or left out.

use std::time::Duration;

use super::{ServiceConfig, Width};
use crate::layer::Overrides;
use crate::spec::{HedgeSpec, Kind, Method, RetrySpec};
use crate::status::{Code, CodeSet};

/// A config whose only entry holds for all methods, and has these fields besides.
fn entry(fields: &str) -> String {
    format!(r#"{{ "methodConfig": [{{ "name": [{{}}], {fields} }}] }}"#)
}

/// A config with a `retryPolicy`, of which one field is replaced, or left out if `value` is empty.
fn retry(field: &str, value: &str) -> String {
    let fields = [
        ("maxAttempts", "4"),
        ("initialBackoff", r#""0.1s""#),
        ("maxBackoff", r#""1s""#),
        ("backoffMultiplier", "2"),
        ("retryableStatusCodes", r#"["UNAVAILABLE"]"#),
    ];
    entry(&format!(r#""retryPolicy": {{ {} }}"#, replaced(&fields, field, value)))
}

fn hedging(field: &str, value: &str) -> String {
    let fields =
        [("maxAttempts", "4"), ("hedgingDelay", r#""0.5s""#), ("nonFatalStatusCodes", r#"["UNAVAILABLE"]"#)];
    entry(&format!(r#""hedgingPolicy": {{ {} }}"#, replaced(&fields, field, value)))
}

fn throttling(field: &str, value: &str) -> String {
    let fields = [("maxTokens", "10"), ("tokenRatio", "0.1")];
    format!(r#"{{ "retryThrottling": {{ {} }} }}"#, replaced(&fields, field, value))
}

fn replaced(fields: &[(&str, &str)], field: &str, value: &str) -> String {
    let old = fields.iter().copied().filter(|(name, _)| *name != field);
    let new = Some((field, value)).filter(|(_, value)| !value.is_empty());
    let all: Vec<_> = old.chain(new).map(|(name, value)| format!(r#""{name}": {value}"#)).collect();
    all.join(", ")
}

fn method() -> Method {
    Method::dynamic("shop.v1.Orders", "Put", Kind::Unary)
}

/// What the config says of a method.
fn said(json: &str) -> Overrides {
    let config = ServiceConfig::parse(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(config.ignored(), [""; 0], "{json}");
    config.of(&method()).expect("an entry holds for all").0.clone()
}

fn retry_of(json: &str) -> RetrySpec {
    said(json).retry.expect("there is a retry policy")
}

fn hedge_of(json: &str) -> HedgeSpec {
    said(json).hedge.expect("there is a hedging policy")
}

/// Why the config is refused, for one reason.
fn refused(json: &str) -> String {
    let error = ServiceConfig::parse(json).expect_err(json);
    assert_eq!(error.problems().len(), 1, "{error}");
    error.problems()[0].clone()
}

/// All these values of a field are refused, at its path.
fn refuses(config: impl Fn(&str, &str) -> String, path: &str, values: &[&str]) {
    let field = path.rsplit('.').next().unwrap();
    for value in values {
        let problem = refused(&config(field, value));
        assert!(problem.starts_with(path), "{value:?}: {problem}");
    }
}

const RETRY: &str = "methodConfig[0].retryPolicy";
const HEDGING: &str = "methodConfig[0].hedgingPolicy";

#[test]
fn retry_rule_1_attempts_are_an_integer_above_1_and_at_most_5_count() {
    let path = format!("{RETRY}.maxAttempts");
    refuses(retry, &path, &["", "0", "1", "-2", "2.5", "3.0", "\"3\"", "true", "[3]", "null", "1e30"]);
    for (given, taken) in [("2", 2), ("5", 5), ("6", 5), ("4294967299", 5), ("18446744073709551615", 5)] {
        assert_eq!(retry_of(&retry("maxAttempts", given)).max_attempts(), taken, "{given}");
    }
}

#[test]
fn retry_rule_2_backoffs_are_durations_above_0() {
    for field in ["initialBackoff", "maxBackoff"] {
        let path = format!("{RETRY}.{field}");
        refuses(
            retry,
            &path,
            &["", "\"0s\"", "\"-1s\"", "\".5s\"", "\"1\"", "1", "\"1m\"", "\"\"", "{}", "null"],
        );
    }
    let spec = retry_of(&retry("initialBackoff", "\"0.000000001s\""));
    assert_eq!(
        (spec.initial_backoff(), spec.max_backoff()),
        (Duration::from_nanos(1), Duration::from_secs(1))
    );
}

#[test]
fn retry_rule_3_the_multiplier_is_a_number_above_0() {
    let path = format!("{RETRY}.backoffMultiplier");
    refuses(retry, &path, &["", "0", "0.0", "-1", "\"2\"", "null"]);
    for (given, taken) in [("2", 2.0), ("1.6", 1.6), ("0.5", 0.5)] {
        let multiplier = retry_of(&retry("backoffMultiplier", given)).backoff_multiplier();
        assert!((multiplier - taken).abs() < f64::EPSILON, "{given}: {multiplier}");
    }
    let problem = refused(&retry("backoffMultiplier", "1e999"));
    assert!(problem.starts_with("it is no JSON: number out of range at line 1 column"), "{problem}");
}

#[test]
fn retry_rule_4_codes_are_names_in_any_case_or_numbers_of_which_there_are_some() {
    let path = format!("{RETRY}.retryableStatusCodes");
    refuses(retry, &path, &["", "[]", "\"UNAVAILABLE\"", "14", "null", "{}"]);
    let wrong = ["\"UNAVAILBLE\"", "\"\"", "17", "-1", "14.0", "null", "[14]", "\"14\"", "\"OK\"", "0"];
    for code in wrong {
        let problem = refused(&retry("retryableStatusCodes", &format!("[\"ABORTED\", {code}]")));
        assert!(
            problem.starts_with(&format!("{path}[1] is {}", code.replace("[14]", "an array"))),
            "{problem}"
        );
    }
    let codes = retry_of(&retry("retryableStatusCodes", "[14, \"aborted\", \"Resource_Exhausted\", 14]"));
    let expected = CodeSet::of(&[Code::Unavailable, Code::Aborted, Code::ResourceExhausted]);
    assert_eq!(codes.retryable_codes(), expected);
}

#[test]
fn an_attempt_may_have_a_timeout_above_0() {
    refuses(retry, &format!("{RETRY}.perAttemptRecvTimeout"), &["\"0s\"", "\"1\"", "1"]);
    let with = said(&retry("perAttemptRecvTimeout", "\"0.25s\""));
    assert_eq!(with.attempt_timeout, Some(Duration::from_millis(250)));
    assert_eq!(said(&retry("maxAttempts", "3")).attempt_timeout, None);
}

#[test]
fn hedging_rule_1_attempts_are_an_integer_above_1_and_at_most_5_count() {
    let path = format!("{HEDGING}.maxAttempts");
    refuses(hedging, &path, &["", "0", "1", "-2", "2.5", "\"3\"", "null"]);
    for (given, taken) in [("2", 2), ("5", 5), ("100", 5)] {
        assert_eq!(hedge_of(&hedging("maxAttempts", given)).max_attempts(), taken, "{given}");
    }
}

#[test]
fn hedging_rule_2_the_delay_is_a_duration_and_0_without_one() {
    refuses(hedging, &format!("{HEDGING}.hedgingDelay"), &["\"-1s\"", "\".5s\"", "\"1\"", "1", "[]"]);
    for (given, taken) in [("", 0), ("null", 0), ("\"0s\"", 0), ("\"0.05s\"", 50)] {
        let delay = hedge_of(&hedging("hedgingDelay", given)).delay();
        assert_eq!(delay, Some(Duration::from_millis(taken)), "{given}");
    }
}

#[test]
fn hedging_rule_3_codes_are_as_in_retries_but_there_need_be_none() {
    refuses(hedging, &format!("{HEDGING}.nonFatalStatusCodes"), &["\"UNAVAILABLE\"", "14", "{}"]);
    for (codes, wrong) in [("[14, 99]", "[1] is 99"), ("[\"ok\"]", "[0] is \"ok\"")] {
        let problem = refused(&hedging("nonFatalStatusCodes", codes));
        assert!(problem.starts_with(&format!("{HEDGING}.nonFatalStatusCodes{wrong}")), "{problem}");
    }
    for (given, taken) in
        [("", &[][..]), ("[]", &[]), ("[\"internal\", 10]", &[Code::Internal, Code::Aborted])]
    {
        let codes = hedge_of(&hedging("nonFatalStatusCodes", given)).non_fatal_codes();
        assert_eq!(codes, CodeSet::of(taken), "{given}");
    }
}

#[test]
fn throttling_rule_1_tokens_are_an_integer_from_1_to_1000() {
    refuses(throttling, "retryThrottling.maxTokens", &["", "0", "1001", "-1", "9.5", "\"10\"", "null"]);
    for tokens in [1, 10, 1000] {
        let config = ServiceConfig::parse(&throttling("maxTokens", &tokens.to_string())).unwrap();
        assert_eq!(config.throttling().unwrap().max_tokens(), tokens);
    }
    assert_eq!(ServiceConfig::parse("{}").unwrap().throttling(), None);
}

#[test]
fn throttling_rule_2_the_ratio_is_above_0_with_three_decimal_places() {
    refuses(throttling, "retryThrottling.tokenRatio", &["", "0", "-0.1", "\"0.1\"", "0.0009", "null"]);
    for (given, thousandths) in [("0.5466", 546), ("0.1", 100), ("1", 1000), ("0.001", 1)] {
        let config = ServiceConfig::parse(&throttling("tokenRatio", given)).unwrap();
        assert_eq!(config.throttling().unwrap().token_ratio(), f64::from(thousandths) / 1000.0, "{given}");
    }
}

#[test]
fn a_method_has_retries_or_hedging() {
    let both = |retry: &str, hedging: &str| {
        let part = |json: &str| json[json.find("[{}], ").unwrap() + 6..json.len() - 4].to_owned();
        entry(&format!("{}, {}", part(retry), part(hedging)))
    };
    let problem = refused(&both(&retry("maxAttempts", "4"), &hedging("maxAttempts", "4")));
    assert!(problem.starts_with(&format!("{HEDGING} stands beside {RETRY}")), "{problem}");
}

#[test]
fn what_the_generator_refuses_is_refused() {
    let problem = refused(&retry("maxBackoff", "\"0.09s\""));
    assert_eq!(problem, format!("{RETRY}.maxBackoff is \"0.09s\": it is at least `initialBackoff`"));
    assert!(ServiceConfig::parse(&retry("maxBackoff", "\"0.1s\"")).is_ok());

    let hedging = |timeout: &str| {
        entry(&format!(
            r#""timeout": "{timeout}", "hedgingPolicy": {{ "maxAttempts": 2, "hedgingDelay": "0.5s" }}"#
        ))
    };
    let problem = refused(&hedging("0.5s"));
    assert!(problem.starts_with(HEDGING) && problem.contains("no time for a second attempt"), "{problem}");
    assert!(ServiceConfig::parse(&hedging("0.6s")).is_ok());
}

#[test]
fn an_entry_says_how_long_and_whether_to_wait() {
    let said = said(&entry(r#""timeout": "1.5s", "waitForReady": true"#));
    assert_eq!((said.timeout, said.wait_for_ready), (Some(Duration::from_millis(1500)), Some(true)));
    assert_eq!((said.retry, said.hedge), (None, None));
    for value in ["\"0s\"", "\"1.5\"", "1.5", "\"-1s\""] {
        let problem = refused(&entry(&format!(r#""timeout": {value}"#)));
        assert_eq!(
            problem,
            format!("methodConfig[0].timeout is {value}: give seconds above 0 with an `s`, such as \"0.5s\"")
        );
    }
    let problem = refused(&entry(r#""waitForReady": "yes""#));
    assert_eq!(problem, "methodConfig[0].waitForReady is \"yes\": give true or false");
}

#[test]
fn the_most_precise_name_counts_and_it_alone() {
    let config = ServiceConfig::parse(
        r#"{ "methodConfig": [
            { "name": [{ "service": "shop.v1.Orders", "method": "Put" }], "timeout": "1s" },
            { "name": [{ "service": "shop.v1.Orders", "method": "" }, { "service": "b.B", "method": null }],
              "timeout": "2s", "waitForReady": true },
            { "name": [{}], "timeout": "3s" }
        ] }"#,
    )
    .unwrap();
    let of = |service: &str, name: &str| {
        let (said, width) = config.of(&Method::dynamic(service, name, Kind::Unary)).unwrap();
        (said.timeout.unwrap().as_secs(), said.wait_for_ready, width)
    };
    assert_eq!(of("shop.v1.Orders", "Put"), (1, None, Width::One));
    assert_eq!(of("shop.v1.Orders", "Get"), (2, Some(true), Width::Several));
    assert_eq!(of("b.B", "Put"), (2, Some(true), Width::Several));
    assert_eq!(of("shop.v1.OrdersToo", "Put"), (3, None, Width::Several));
    assert!(ServiceConfig::parse("{}").unwrap().of(&method()).is_none());
}

#[test]
fn names_are_said_once_and_could_be_some() {
    let names = |first: &str, second: &str| {
        format!(
            r#"{{ "methodConfig": [{{ "name": [{first}] }}, {{ "name": [{{ "service": "x" }}, {second}] }}] }}"#
        )
    };
    for (first, second) in [
        ("{}", r#"{ "service": "" }"#),
        (r#"{ "service": "a.B" }"#, r#"{ "service": "a.B", "method": null }"#),
        (r#"{ "service": "a.B", "method": "C" }"#, r#"{ "service": "a.B", "method": "C" }"#),
    ] {
        assert_eq!(
            refused(&names(first, second)),
            "methodConfig[1].name[1] has the same name as methodConfig[0].name[0]: leave one of them out"
        );
    }
    assert_eq!(
        refused(&names("{}", r#"{ "method": "C" }"#)),
        "methodConfig[1].name[1] has a `method` without a `service`: name both"
    );
    for service in ["\"/a.B\"", "\"a.B/C\"", "\"a b\"", "1"] {
        let problem = refused(&names("{}", &format!(r#"{{ "service": {service} }}"#)));
        assert!(problem.starts_with("methodConfig[1].name[1].service is "), "{problem}");
    }
}

#[test]
fn what_is_unknown_or_without_use_is_told_and_has_no_effect() {
    let config = ServiceConfig::parse(
        r#"{
            "loadBalancingConfig": [{ "round_robin": {} }], "loadBalancingPolicy": "round_robin",
            "healthCheckConfig": { "serviceName": "" }, "method_config": [{ "name": "nonsense" }],
            "methodConfig": [
                { "name": [{ "service": "a.B", "methd": "C" }], "maxRequestMessageBytes": 1, "retryPolcy": {},
                  "maxResponseMessageBytes": 1, "hedgingPolicy": { "maxAttempts": 2, "delay": "1s" } },
                { "timeout": "1s" },
                { "name": [] }
            ]
        }"#,
    )
    .unwrap();
    let mut ignored = config.ignored().to_vec();
    ignored.sort_unstable();
    assert_eq!(
        ignored,
        [
            "healthCheckConfig",
            "loadBalancingConfig",
            "loadBalancingPolicy",
            "methodConfig[0].hedgingPolicy.delay",
            "methodConfig[0].maxRequestMessageBytes",
            "methodConfig[0].maxResponseMessageBytes",
            "methodConfig[0].name[0].methd",
            "methodConfig[0].retryPolcy",
            "methodConfig[1]",
            "methodConfig[2]",
            "method_config",
        ]
    );
}

#[test]
fn it_is_refused_whole_with_all_that_is_wrong() {
    let error = ServiceConfig::parse(
        r#"{ "retryThrottling": { "maxTokens": 0 },
             "methodConfig": [{ "name": [{}], "timeout": "1s" }, { "name": 1, "retryPolicy": 2 }, 3] }"#,
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid service config:\n\
         - retryThrottling.maxTokens is 0: give an integer from 1 to 1000\n\
         - retryThrottling.tokenRatio is missing: give a number above 0\n\
         - methodConfig[1].retryPolicy is 2: give an object\n\
         - methodConfig[1].name is 1: give an array\n\
         - methodConfig[2] is 3: give an object"
    );
}

#[test]
fn what_is_no_json_is_told_with_line_and_column() {
    for (json, problem) in [
        ("", "it is no JSON: EOF while parsing a value at line 1 column 0"),
        ("{\n  \"methodConfig\": [,]\n}", "it is no JSON: expected value at line 2 column 20"),
        ("{}\n{}", "it is no JSON: trailing characters at line 2 column 1"),
        ("{ \"a\": 1,\n \"a\": 2 }", "it is no JSON: an object has `a` twice at line 2 column 4"),
        ("[]", "the whole is an array: give an object"),
        ("{ \"methodConfig\": {} }", "methodConfig is an object: give an array"),
    ] {
        assert_eq!(refused(json), problem, "{json}");
    }
    let deep = "[".repeat(100_000);
    assert!(refused(&deep).starts_with("it is no JSON: recursion limit exceeded"));
}
