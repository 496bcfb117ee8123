use super::*;
use proptest::prelude::*;

const PEER: &str = "10.0.0.9";

fn trusted() -> TrustedProxies {
    TrustedProxies::parse(&["10.0.0.0/8".to_owned(), "2001:db8:1::/48".to_owned()]).unwrap()
}

fn fields(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn ask(sent: &[(&'static str, &str)]) -> Result<Option<Told>, Box<Refusal>> {
    told(&Caller::new(PEER.parse().unwrap(), false), &fields(sent), &trusted())
}

fn address(sent: &[(&'static str, &str)]) -> String {
    ask(sent).unwrap().map_or_else(|| "nothing".to_owned(), |told| told.caller.address.to_string())
}

#[test]
fn networks_hold_their_addresses_and_no_others() {
    let networks = TrustedProxies::parse(&["192.0.2.0/24".into(), "::1".into(), "203.0.113.7".into()]).unwrap();
    for (address, inside) in [
        ("192.0.2.255", true),
        ("::ffff:192.0.2.1", true),
        ("192.0.3.0", false),
        ("::1", true),
        ("::2", false),
        ("203.0.113.7", true),
        ("203.0.113.8", false),
    ] {
        assert_eq!(networks.contains(address.parse().unwrap()), inside, "{address}");
    }
    assert!(TrustedProxies::parse(&["0.0.0.0/0".into()]).unwrap().contains([1, 2, 3, 4].into()));
    assert!(!TrustedProxies::parse(&["0.0.0.0/0".into()]).unwrap().contains("2001:db8::1".parse().unwrap()));
    for wrong in ["", "10.0.0.0/33", "10.0.0.1/8", "a.example", "10.0.0.0/", "10.0.0.0/+8", "::/129", "10.0.0.0/0008"] {
        assert!(TrustedProxies::parse(&[wrong.to_owned()]).is_err(), "{wrong}");
    }
}

#[test]
fn the_caller_is_the_right_most_hop_that_is_not_trusted() {
    for (chain, expected) in [
        ("203.0.113.5", "203.0.113.5"),
        ("6.6.6.6, 203.0.113.5", "203.0.113.5"),
        ("6.6.6.6, 203.0.113.5, 10.1.1.1", "203.0.113.5"),
        ("10.6.6.6, 10.1.1.1", "10.6.6.6"),
        ("6.6.6.6, unknown, 10.1.1.1", "10.1.1.1"),
        ("6.6.6.6, _hidden", PEER),
        ("6.6.6.6, 999.1.1.1", PEER),
        ("203.0.113.5:4711", "203.0.113.5"),
        ("[2001:db8::5]:4711, [2001:db8:1::1]", "2001:db8::5"),
        ("2001:db8::5", "2001:db8::5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        (" 203.0.113.5 ,, ", "203.0.113.5"),
        ("", PEER),
    ] {
        assert_eq!(address(&[("x-forwarded-for", chain)]), expected, "{chain}");
    }
    assert_eq!(address(&[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.5")]), "203.0.113.5");
    assert_eq!(address(&[]), "nothing");
}

#[test]
fn forwarded_is_read_in_all_its_spellings() {
    for (chain, expected) in [
        ("for=203.0.113.5", "203.0.113.5"),
        ("for=6.6.6.6, For=\"[2001:db8::5]:80\";proto=https;by=x", "2001:db8::5"),
        ("for=6.6.6.6,for=203.0.113.5,for=10.1.1.1", "203.0.113.5"),
        ("for=\"203.0.113.5:_x1\"", "203.0.113.5"),
        ("for=6.6.6.6, for=unknown", PEER),
        ("for=6.6.6.6, proto=https", PEER),
        ("for=\"\\2\\0\\3.0.113.5\"", "203.0.113.5"),
    ] {
        assert_eq!(address(&[("forwarded", chain)]), expected, "{chain}");
    }
}

#[test]
fn an_open_quote_cannot_swallow_what_a_proxy_appended() {
    for chain in ["for=\"6.6.6.6, for=203.0.113.5", "for=6.6.6.6 for=1.1.1.1", "for", "for=6.6.6.6;for=1.1.1.1", "=x", "for=a\"b"]
    {
        assert_eq!(ask(&[("forwarded", chain)]).unwrap_err().code, Code::RequestMalformed, "{chain}");
    }
}

#[test]
fn two_families_that_contradict_each_other_are_refused() {
    let both = [("x-forwarded-for", "203.0.113.5"), ("forwarded", "for=6.6.6.6")];
    assert_eq!(ask(&both).unwrap_err().code, Code::RequestMalformed);
    assert_eq!(address(&[("x-forwarded-for", "203.0.113.5"), ("forwarded", "for=203.0.113.5")]), "203.0.113.5");
}

#[test]
fn scheme_and_host_are_those_of_the_hop_that_saw_the_caller() {
    let told = ask(&[(
        "forwarded",
        "for=6.6.6.6;proto=http;host=evil, for=203.0.113.5;proto=https;host=Shop.Example, for=10.1.1.1;proto=http",
    )]);
    let told = told.unwrap().unwrap();
    assert_eq!((told.caller.tls, told.host.as_deref()), (true, Some("shop.example")));
    let told = ask(&[("x-forwarded-for", "6.6.6.6, 203.0.113.5"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "a b")]);
    let told = told.unwrap().unwrap();
    assert_eq!((told.caller.tls, told.host), (true, None));
}

#[test]
fn a_chain_without_an_end_is_refused() {
    let chain = vec!["10.0.0.1"; 65].join(",");
    assert!(ask(&[("x-forwarded-for", &chain)]).is_err());
}

#[test]
fn the_upstream_is_told_as_chosen() {
    let caller = Caller::new("2001:db8::5".parse().unwrap(), true);
    for (choice, old, new) in [
        (ForwardedFields::XForwarded, true, false),
        (ForwardedFields::Rfc7239, false, true),
        (ForwardedFields::Both, true, true),
        (ForwardedFields::None, false, false),
    ] {
        let mut headers = HeaderMap::new();
        tell(&mut headers, choice, &caller, HeaderValue::from_static("shop.example"));
        assert_eq!((headers.contains_key("x-forwarded-for"), headers.contains_key("forwarded")), (old, new), "{choice:?}");
        let again = super::told(&Caller::new(PEER.parse().unwrap(), false), &headers, &trusted()).unwrap();
        if old || new {
            assert_eq!(again, Some(Told { caller: caller.clone(), host: Some("shop.example".to_owned()) }));
        }
    }
}

proptest! {
    #[test]
    fn whatever_stands_to_its_left_the_hop_that_a_trusted_proxy_saw_is_the_caller(left in "[ -~]{0,60}", last in 0u32..) {
        let caller = std::net::Ipv4Addr::from(last);
        prop_assume!(caller.octets()[0] != 10);
        let chain = format!("{left}, {caller}");
        prop_assert_eq!(address(&[("x-forwarded-for", &chain)]), caller.to_string());
        // `Forwarded` may be refused, but never believed.
        let chain = format!("{left}, for={caller}");
        if let Ok(told) = ask(&[("forwarded", &chain)]) {
            prop_assert_eq!(told.unwrap().caller.address.to_string(), caller.to_string());
        }
    }
}
