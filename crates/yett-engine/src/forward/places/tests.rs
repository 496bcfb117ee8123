use super::*;
use proptest::prelude::*;
use yett_model::snapshot::Target;

/// An origin with its own data.
pub(crate) struct Setting {
    targets: Vec<Arc<TargetPlan>>,
    base: String,
    spoken: Option<String>,
    keeps_base: bool,
    rewritten: Rewritten,
}

pub(crate) fn setting(urls: &[&str], base: &str) -> Setting {
    let target = |url: &&str| {
        let target = serde_json::from_value::<Target>(serde_json::json!({"url": url})).unwrap();
        Arc::new(crate::plan::target::parse_target(&target, 0).unwrap())
    };
    Setting {
        targets: urls.iter().map(target).collect(),
        base: base.to_owned(),
        spoken: None,
        keeps_base: false,
        rewritten: Rewritten::default(),
    }
}

impl Setting {
    pub(crate) fn origin(&self) -> Origin<'_> {
        Origin {
            targets: &self.targets,
            target: &self.targets[0],
            spoken: self.spoken.as_deref(),
            base: &self.base,
            keeps_base: self.keeps_base,
            rewritten: &self.rewritten,
            is_path: &|path| path == "/shop/shop/of-the-contract",
        }
    }

    fn told(&self, name: HeaderName, value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(&name, HeaderValue::from_str(value).unwrap());
        translate_places(&mut headers, &self.origin());
        headers.get(&name).map(|value| value.to_str().unwrap().to_owned())
    }
}

#[test]
fn places_of_the_upstream_are_told_as_the_caller_must_spell_them() {
    let urls = ["http://10.0.0.1:9000", "https://books.internal/v2"];
    for (base, place, expected) in [
        ("/shop", "/orders/1", "/shop/orders/1"),
        ("/shop", "http://10.0.0.1:9000/orders/1?a#b", "/shop/orders/1?a#b"),
        ("/shop", "HTTP://10.0.0.1:9000", "/shop"),
        ("/shop", "//10.0.0.1:9000/orders/1", "/shop/orders/1"),
        ("/shop", "https://books.internal/v2/orders", "/shop/orders"),
        ("/shop", "https://books.internal:443/v2/orders", "/shop/orders"),
        ("/shop", "http://BOOKS.internal/v2/orders", "/shop/orders"),
        ("/shop", "/shop/orders/1", "/shop/orders/1"),
        ("/shop", "http://10.0.0.1:9000/shop/orders/1", "/shop/orders/1"),
        ("/shop", "/shop/of-the-contract?a", "/shop/shop/of-the-contract?a"),
        ("/shop", "https://elsewhere.example/x", "https://elsewhere.example/x"),
        ("/shop", "//elsewhere.example/x", "//elsewhere.example/x"),
        ("/shop", "http://user@10.0.0.1:9000/x", "http://user@10.0.0.1:9000/x"),
        ("/shop", "orders/1", "orders/1"),
        ("", "http://10.0.0.1:9000/orders", "/orders"),
    ] {
        assert_eq!(setting(&urls, base).told(LOCATION, place).as_deref(), Some(expected), "{base} {place}");
    }
}

#[test]
fn a_prefix_gives_way_to_the_base_path_and_what_is_beside_it_is_not_told() {
    let setting = setting(&["http://10.0.0.1:9000/v1"], "/shop");
    for (place, expected) in [
        ("/v1/orders", Some("/shop/orders")),
        ("/v1", Some("/shop")),
        ("/v10/orders", Some("/v10/orders")),
        ("http://10.0.0.1:9000/v10/orders", None),
        ("http://10.0.0.1:9000/v1/../admin", None),
        ("http://10.0.0.1:9000/v1/%2E%2e/admin", None),
        ("/v1/../admin", Some("/v1/../admin")),
    ] {
        assert_eq!(setting.told(CONTENT_LOCATION, place).as_deref(), expected, "{place}");
    }
}

#[test]
fn a_rewritten_path_is_told_by_its_public_name() {
    let mut setting = setting(&["http://10.0.0.1:9000/v1"], "/shop");
    let template = |text: &str| Template::parse(text).unwrap();
    setting.rewritten = Rewritten(vec![(template("/internal/items/{id}"), template("/books/{id}"))]);
    assert_eq!(setting.told(LOCATION, "/v1/internal/items/7?x=1").as_deref(), Some("/shop/books/7?x=1"));
}

#[test]
fn an_upstream_that_keeps_the_base_path_is_not_given_it_twice() {
    let mut setting = setting(&["http://10.0.0.1:9000"], "/shop");
    setting.keeps_base = true;
    assert_eq!(setting.told(LOCATION, "http://10.0.0.1:9000/shop/a").as_deref(), Some("/shop/a"));
    assert_eq!(setting.told(LOCATION, "http://10.0.0.1:9000/a"), None);
}

#[test]
fn the_public_host_that_the_upstream_was_told_is_its_own_too() {
    let mut setting = setting(&["http://10.0.0.1:9000/v1"], "/shop");
    setting.spoken = Some("api.example:8443".to_owned());
    assert_eq!(setting.told(LOCATION, "http://api.example/v1/a").as_deref(), Some("/shop/a"));
    assert_eq!(setting.told(LOCATION, "https://api.example/help").as_deref(), Some("https://api.example/help"));
}

#[test]
fn only_the_places_of_links_are_touched() {
    let setting = setting(&["http://10.0.0.1:9000/v1"], "/shop");
    for (value, expected) in [
        ("</v1/a?page=2>; rel=\"next, last\"; title=\"<x>\"", Some("</shop/a?page=2>; rel=\"next, last\"; title=\"<x>\"")),
        (
            "<http://10.0.0.1:9000/v1/a>; rel=self, <https://b.example/c>; rel=up",
            Some("</shop/a>; rel=self, <https://b.example/c>; rel=up"),
        ),
        ("<http://10.0.0.1:9000/secret>; rel=self, <b>; rel=up", Some("<b>; rel=up")),
        ("<http://10.0.0.1:9000/secret>; rel=self", None),
        ("<a>; rel=x; anchor=\"http://10.0.0.1:9000/v1/b\"", Some("<a>; rel=x; anchor=\"/shop/b\"")),
        ("<a,b>; rel=x", Some("<a,b>; rel=x")),
        ("nonsense", Some("nonsense")),
    ] {
        assert_eq!(setting.told(LINK, value).as_deref(), expected, "{value}");
    }
}

#[test]
fn the_place_of_a_refresh_is_translated() {
    let setting = setting(&["http://10.0.0.1:9000"], "/shop");
    for (value, expected) in [
        ("5", Some("5")),
        ("5; url=/a", Some("5; url=/shop/a")),
        ("0;URL='http://10.0.0.1:9000/a'", Some("0; url=/shop/a")),
        ("5; url=https://elsewhere.example/", Some("5; url=https://elsewhere.example/")),
        ("0; url=http://10.0.0.1:9000/../x", None),
    ] {
        assert_eq!(setting.told(REFRESH, value).as_deref(), expected, "{value}");
    }
}

proptest! {
    #[test]
    fn no_place_that_is_told_names_a_target(
        scheme in "(http:|https:|HTTP:|)//", port in "(:9000|)", path in "[/a-z.%?#\\\\]{0,24}", base in "(/shop)?", name in 0usize..3,
    ) {
        let setting = setting(&["http://books.internal:9000/v1", "http://books.internal/v1"], &base);
        let name = [LOCATION, LINK, REFRESH][name].clone();
        let place = format!("{scheme}books.internal{port}{}{path}", if path.starts_with(['/', '?', '#', '\\']) || path.is_empty() { "" } else { "/" });
        let value = match name.as_str() {
            "link" => format!("<{place}>; rel=next"),
            "refresh" => format!("1; url={place}"),
            _ => place.clone(),
        };
        let told = setting.told(name, &value).unwrap_or_default();
        prop_assert!(!told.contains("books.internal"), "{value} -> {told}");
    }

    #[test]
    fn whatever_a_field_says_nothing_panics_and_others_places_stay(text in "[ -~]{0,60}") {
        let setting = setting(&["http://books.internal:9000/v1"], "/shop");
        for name in [LOCATION, CONTENT_LOCATION, LINK, REFRESH] {
            let told = setting.told(name, &text);
            if !text.contains('/') { prop_assert_eq!(told.as_deref(), Some(text.as_str())); }
        }
    }
}
