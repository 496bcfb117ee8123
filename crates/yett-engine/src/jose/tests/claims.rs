use super::*;

fn with(changes: Value) -> Result<(), FaultKind> {
    with_expected(changes, &expected())
}

/// A claim that is `null` is left out.
fn with_expected(changes: Value, expected: &Expectations) -> Result<(), FaultKind> {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            _ => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    let key = Private::ed();
    judge(&key.token("k", &claims), &key.set("k"), expected)
}

#[test]
fn a_token_of_another_issuer_is_refused() {
    for issuer in [json!("https://evil.example"), json!("https://id.example/"), json!("HTTPS://id.example"), Value::Null] {
        assert_eq!(with(json!({"iss": issuer})), Err(FaultKind::Issuer), "{issuer}");
    }
    assert_eq!(with(json!({"iss": ["https://id.example"]})), Err(FaultKind::Malformed));
}

#[test]
fn a_token_for_somebody_else_is_refused() {
    for audience in [json!("shop"), json!(["shop", "Books"]), json!([]), json!("books "), Value::Null] {
        assert_eq!(with(json!({"aud": audience})), Err(FaultKind::Audience), "{audience}");
    }
    assert_eq!(with(json!({"aud": ["shop", "books"]})), Ok(()));
    assert_eq!(with(json!({"aud": [["books"]]})), Err(FaultKind::Malformed));
    let nobody = Expectations { audiences: Vec::new(), ..expected() };
    assert_eq!(with_expected(json!({}), &nobody), Err(FaultKind::Audience));
}

#[test]
fn a_token_without_expiry_is_refused() {
    assert_eq!(with(json!({"exp": null})), Err(FaultKind::Claim));
}

#[test]
fn clocks_may_differ_by_the_leeway_and_no_more() {
    for (exp, verdict) in [(NOW_S - 29, Ok(())), (NOW_S - 30, Err(FaultKind::Expired)), (0, Err(FaultKind::Expired))] {
        assert_eq!(with(json!({"exp": exp, "iat": null})), verdict, "exp {exp}");
    }
    for (begins, verdict) in [(NOW_S + 30, Ok(())), (NOW_S + 31, Err(FaultKind::NotYet))] {
        assert_eq!(with(json!({"nbf": begins})), verdict, "nbf {begins}");
        assert_eq!(with(json!({"iat": begins})), verdict, "iat {begins}");
    }
}

#[test]
fn a_time_that_is_no_time_is_refused() {
    let millis = NOW_S * 1000;
    for odd in [json!("1700000060"), json!(millis), json!(-1), json!(true), json!([1]), json!(1e300), json!({})] {
        assert_eq!(with(json!({"exp": odd})), Err(FaultKind::Malformed), "{odd}");
        assert_eq!(with(json!({"nbf": odd})), Err(FaultKind::Malformed), "{odd}");
    }
    assert_eq!(with(json!({"exp": NOW_S as f64 + 60.5})), Ok(()));
}

#[test]
fn a_token_that_lives_too_long_is_refused() {
    let short = Expectations { max_lifetime_s: Some(300), ..expected() };
    for (changes, verdict) in [
        (json!({"iat": NOW_S, "exp": NOW_S + 300}), Ok(())),
        (json!({"iat": NOW_S - 100, "exp": NOW_S + 201}), Err(FaultKind::Lifetime)),
        (json!({"iat": null, "exp": NOW_S + 301}), Err(FaultKind::Lifetime)),
    ] {
        assert_eq!(with_expected(changes.clone(), &short), verdict, "{changes}");
    }
}

#[test]
fn a_required_claim_must_be_there_and_be_right() {
    let required =
        [("tenant".to_owned(), json!("t1")), ("email_verified".to_owned(), json!(true)), ("sid".to_owned(), Value::Null)];
    let strict = Expectations { required: required.into(), ..expected() };
    let good = json!({"tenant": ["t0", "t1"], "email_verified": true, "sid": 7});
    assert_eq!(with_expected(good.clone(), &strict), Ok(()));
    for (name, value) in
        [("tenant", json!("t2")), ("tenant", json!(["t2"])), ("email_verified", json!("true")), ("sid", Value::Null)]
    {
        let mut bad = good.clone();
        bad[name] = value.clone();
        assert_eq!(with_expected(bad, &strict), Err(FaultKind::Claim), "{name} {value}");
    }
}

#[test]
fn a_token_made_for_another_purpose_is_refused() {
    let key = Private::ed();
    let judged = |typ: Value, types: &[&str]| {
        let header = json!({"alg": "EdDSA", "kid": "k", "typ": typ}).to_string();
        let types = types.iter().map(|typ| (*typ).to_owned()).collect();
        judge(&key.raw(&header, &claims().to_string()), &key.set("k"), &Expectations { types, ..expected() })
    };
    for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt", "Application/AT+JWT"] {
        assert_eq!(judged(json!(typ), &[]), Ok(()), "{typ}");
    }
    for typ in ["dpop+jwt", "logout+jwt", "secevent+jwt", ""] {
        assert_eq!(judged(json!(typ), &[]), Err(FaultKind::Type), "{typ}");
    }
    assert_eq!(judged(json!("at+jwt"), &["application/at+jwt"]), Ok(()));
    assert_eq!(judged(json!("JWT"), &["at+jwt"]), Err(FaultKind::Type));
    assert_eq!(
        judge(&key.token("k", &claims()), &key.set("k"), &Expectations { types: vec!["at+jwt".into()], ..expected() }),
        Err(FaultKind::Type)
    );
}

#[test]
fn who_issued_it_can_be_told_beforehand() {
    let key = Private::ed();
    assert_eq!(unverified_issuer(&key.token("k", &claims())).as_deref(), Some("https://id.example"));
    assert_eq!(unverified_issuer(&key.token("k", &json!({"iss": 1}))), None);
    assert_eq!(unverified_issuer("no token"), None);
}
