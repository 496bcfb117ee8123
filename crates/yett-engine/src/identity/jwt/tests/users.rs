//! Whose user a token tells of: two issuers may have somebody of the same name.

use super::*;
use yett_model::Diagnostic;

/// The bookshop with two issuers whose tokens are for an agent, and these users.
fn two_issuers(corp: &Private, shady: &Private, users: &Value) -> Value {
    let mut snapshot = snapshot(corp, &json!({}));
    let mut other = snapshot["issuers"][0].clone();
    other["name"] = json!("shady");
    other["issuer"] = json!("https://shady.example");
    other["keys"] = json!({"keys": [shady.jwk("k")]});
    snapshot["issuers"].as_array_mut().unwrap().push(other);
    snapshot["apis"][0]["identify"] = json!({"jwt": {"issuers": ["corp", "shady"]}});
    snapshot["apps"][0]["agent"] = json!(true);
    snapshot["users"] = users.clone();
    snapshot
}

fn mistakes(snapshot: &Value) -> Vec<String> {
    let found = Engine::new(fixture::pepper()).apply(&fixture::bytes(snapshot)).err().unwrap_or_default();
    found.into_iter().map(|Diagnostic { path, code, .. }| format!("{path} {code}")).collect()
}

fn named(told: &Told) -> Option<&str> {
    told.exchange.principal.as_ref()?.user.as_deref()
}

#[test]
fn a_user_is_known_by_issuer_and_subject_and_no_other_issuer_can_speak_for_them() {
    let (corp, shady) = (Private::ec(), Private::ec());
    let mira =
        json!([{"name": "mira", "profiles": ["reader"], "identities": [{"issuer": "https://id.example", "subject": "u1"}]}]);
    let engine = fixture::engine(&two_issuers(&corp, &shady, &mira));
    let good = ask(&engine, &[("authorization", &bearer(&corp.token("k", &claims())))]);
    assert_eq!((good.code, named(&good)), (None, Some("mira")));
    for subject in ["u1", "mira", "https://id.example/u1"] {
        let forged = shady.token("k", &with(&json!({"iss": "https://shady.example", "sub": subject})));
        let told = ask(&engine, &[("authorization", &bearer(&forged))]);
        assert_eq!(told.code, Some(Code::AccessDenied), "{subject}");
        assert_ne!(named(&told), Some("mira"), "{subject}");
    }
    // The name in the configuration is not what the issuer calls her.
    let named_alike = ask(&engine, &[("authorization", &bearer(&corp.token("k", &with(&json!({"sub": "mira"})))))]);
    assert_eq!((named_alike.code, named(&named_alike)), (Some(Code::AccessDenied), Some("https://id.example/mira")));
}

#[test]
fn one_user_may_be_known_to_several_issuers() {
    let (corp, shady) = (Private::ec(), Private::ec());
    let both = json!([{"issuer": "https://id.example", "subject": "u1"}, {"issuer": "https://shady.example", "subject": "m"}]);
    let mira = json!([{"name": "mira", "profiles": ["reader"], "identities": both}]);
    let engine = fixture::engine(&two_issuers(&corp, &shady, &mira));
    let token = shady.token("k", &with(&json!({"iss": "https://shady.example", "sub": "m"})));
    for token in [corp.token("k", &claims()), token] {
        let told = ask(&engine, &[("authorization", &bearer(&token))]);
        assert_eq!((told.code, named(&told)), (None, Some("mira")));
    }
}

#[test]
fn a_user_by_name_alone_is_refused_where_several_issuers_could_name_them() {
    let (corp, shady) = (Private::ec(), Private::ec());
    let snapshot = two_issuers(&corp, &shady, &json!([{"name": "u1", "profiles": ["reader"]}]));
    assert_eq!(mistakes(&snapshot), ["/users/0 user-unbound"]);
    // Where the tokens of one of them are of apps alone, there is but one left who could.
    let mut single = snapshot.clone();
    single["issuers"][1]["user_from"] = Value::Null;
    let told = ask(&fixture::engine(&single), &[("authorization", &bearer(&corp.token("k", &claims())))]);
    assert_eq!((told.code, named(&told)), (None, Some("u1")));
    // Nor is there anybody to be spoken for where no token stands for an agent.
    let mut nobody = snapshot.clone();
    nobody["apps"][0]["agent"] = json!(false);
    assert_eq!(mistakes(&nobody), [""; 0]);
}

#[test]
fn the_one_issuer_there_is_knows_users_by_name() {
    let key = Private::ec();
    let mut snapshot = snapshot(&key, &json!({}));
    snapshot["apps"][0]["agent"] = json!(true);
    snapshot["users"] = json!([{"name": "u1", "profiles": ["reader"]}]);
    let engine = fixture::engine(&snapshot);
    assert_eq!(code(&engine, &key.token("k", &claims())), None);
    assert_eq!(code(&engine, &key.token("k", &with(&json!({"sub": "u2"})))), Some(Code::AccessDenied));
}

#[test]
fn nobody_is_two_users_and_no_user_is_of_an_issuer_that_names_none() {
    let (corp, shady) = (Private::ec(), Private::ec());
    let u1 = json!([{"issuer": "https://id.example", "subject": "u1"}]);
    let twice = json!([{"name": "mira", "identities": u1}, {"name": "otto", "identities": u1}]);
    assert_eq!(mistakes(&two_issuers(&corp, &shady, &twice)), ["/users/1/identities/0 user-ambiguous"]);
    let stranger = json!([{"name": "mira", "identities": [{"issuer": "https://none.example", "subject": "u1"}]}]);
    assert_eq!(mistakes(&two_issuers(&corp, &shady, &stranger)), ["/users/0/identities/0/issuer issuer-unknown"]);
}

#[test]
fn an_issuer_that_passes_on_the_word_of_others_says_whose_user_it_is() {
    let key = Private::ec();
    let others = json!({"claim": "sub_iss", "issuers": ["https://login.example"]});
    let mut snapshot = snapshot(&key, &json!({"users_of": others}));
    snapshot["apps"][0]["agent"] = json!(true);
    let identities = json!([{"issuer": "https://login.example", "subject": "u1"}]);
    snapshot["users"] = json!([{"name": "mira", "profiles": ["reader"], "identities": identities}]);
    let engine = fixture::engine(&snapshot);
    let ask = |extra: Value| code(&engine, &key.token("k", &with(&extra)));
    assert_eq!(ask(json!({"sub_iss": "https://login.example"})), None);
    assert_eq!(ask(json!({})), Some(Code::AccessDenied));
    assert_eq!(ask(json!({"sub_iss": "https://elsewhere.example"})), Some(Code::CredentialInvalid));
}

#[test]
fn an_issuer_cannot_say_that_a_user_is_anothers_unless_it_may() {
    let (corp, shady) = (Private::ec(), Private::ec());
    let identities = json!([{"issuer": "https://id.example", "subject": "u1"}]);
    let mira = json!([{"name": "mira", "profiles": ["reader"], "identities": identities}]);
    let engine = fixture::engine(&two_issuers(&corp, &shady, &mira));
    let claims = with(&json!({"iss": "https://shady.example", "sub_iss": "https://id.example"}));
    assert_eq!(code(&engine, &shady.token("k", &claims)), Some(Code::AccessDenied));
}
