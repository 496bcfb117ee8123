use super::*;

fn routes(templates: &[(&str, &str)]) -> Routes {
    let mut routes = Routes::default();
    routes.open(None, "/shop", None, 0).unwrap();
    for (number, (method, template)) in templates.iter().enumerate() {
        routes.add((None, "/shop", 0), &method.parse().unwrap(), template, number as u32).unwrap();
    }
    routes
}

fn found(routes: &Routes, host: &str, method: &Method, path: &str) -> Found {
    routes.find(host, method, path, Asked { headers: &http::HeaderMap::new(), query: "" })
}

fn operation(routes: &Routes, method: &str, path: &str) -> Option<(u32, Vec<String>)> {
    match found(routes, "shop.example", &method.parse().unwrap(), path) {
        Found::Operation { operation, parameters, .. } => {
            Some((operation, parameters.into_iter().map(|(_, value)| value).collect()))
        }
        _ => None,
    }
}

#[test]
fn a_literal_beats_a_template() {
    let routes = routes(&[("GET", "/books/{id}"), ("GET", "/books/new")]);
    assert_eq!(operation(&routes, "GET", "/shop/books/new"), Some((1, vec![])));
    assert_eq!(operation(&routes, "GET", "/shop/books/7"), Some((0, vec!["7".into()])));
}

#[test]
fn templates_of_other_methods_do_not_hide_a_path() {
    let routes = routes(&[("GET", "/books/new"), ("DELETE", "/books/{id}")]);
    assert_eq!(operation(&routes, "DELETE", "/shop/books/new"), Some((1, vec!["new".into()])));
}

#[test]
fn several_parameters_may_share_a_segment() {
    let routes = routes(&[("GET", "/compare/{base}...{head}"), ("GET", "/compare/{file}.json"), ("GET", "/compare/{any}")]);
    assert_eq!(operation(&routes, "GET", "/shop/compare/a.b...c"), Some((0, vec!["a.b".into(), "c".into()])));
    assert_eq!(operation(&routes, "GET", "/shop/compare/x.json.json"), Some((1, vec!["x.json".into()])));
    assert_eq!(operation(&routes, "GET", "/shop/compare/x"), Some((2, vec!["x".into()])));
}

#[test]
fn parameters_with_other_names_do_not_clash() {
    let routes = routes(&[("GET", "/users/{id}"), ("POST", "/users/{name}"), ("GET", "/users/{user}/books")]);
    assert_eq!(operation(&routes, "GET", "/shop/users/7/books"), Some((2, vec!["7".into()])));
}

#[test]
fn the_same_shape_twice_is_refused() {
    let mut routes = routes(&[("GET", "/users/{id}")]);
    assert!(routes.add((None, "/shop", 0), &Method::GET, "/users/{name}", 9).is_err());
}

#[test]
fn an_empty_parameter_does_not_match() {
    let routes = routes(&[("GET", "/books/{id}")]);
    assert_eq!(operation(&routes, "GET", "/shop/books/"), None);
    assert_eq!(operation(&routes, "GET", "/shop/books//"), None);
}

#[test]
fn other_methods_are_named_in_order() {
    let routes = routes(&[("PUT", "/books/{id}"), ("GET", "/books/{id}")]);
    let found = found(&routes, "h", &Method::POST, "/shop/books/1");
    assert_eq!(found, Found::OtherMethods { api: 0, base: 5, methods: vec![Method::GET, Method::PUT] });
}

#[test]
fn head_is_answered_by_get_unless_it_has_its_own_operation() {
    let routes = routes(&[("GET", "/books"), ("GET", "/authors"), ("HEAD", "/authors")]);
    assert_eq!(operation(&routes, "HEAD", "/shop/books"), Some((0, vec![])));
    assert_eq!(operation(&routes, "HEAD", "/shop/authors"), Some((2, vec![])));
}

#[test]
fn the_longest_base_path_and_the_named_host_win() {
    let mut routes = Routes::default();
    for (host, base, api) in [(None, "/", 0), (None, "/a", 1), (None, "/a/b", 2), (Some("x.example"), "/a", 3)] {
        routes.open(host, base, None, api).unwrap();
        routes.add((host, base, api), &Method::GET, "/{p}", api).unwrap();
    }
    for (host, path, expected) in
        [("h", "/z", 0), ("h", "/a/z", 1), ("h", "/a/b/z", 2), ("x.example", "/a/z", 3), ("x.example", "/b", 0), ("h", "/ab", 0)]
    {
        match found(&routes, host, &Method::GET, path) {
            Found::Operation { operation, .. } => assert_eq!(operation, expected, "{host} {path}"),
            other => panic!("{host} {path}: {other:?}"),
        }
    }
}

#[test]
fn a_base_path_is_claimed_once() {
    let mut routes = Routes::default();
    routes.open(None, "/a", None, 4).unwrap();
    assert_eq!(routes.open(None, "/a/", None, 5), Err(Claimed { by: 4 }));
}

#[test]
fn a_literal_with_reserved_characters_matches_its_own_spelling() {
    let routes = routes(&[("GET", "/a b/{id}:cancel"), ("GET", "/odd/{x}/y{z}")]);
    assert_eq!(operation(&routes, "GET", "/shop/a%20b/7:cancel"), Some((0, vec!["7".into()])));
    assert_eq!(operation(&routes, "GET", "/shop/odd/1/y2"), Some((1, vec!["1".into(), "2".into()])));
}

proptest::proptest! {
    #[test]
    fn every_template_matches_its_own_paths(segments in proptest::collection::vec("[a-z]{1,4}|\\{[a-z]{1,3}\\}|[a-z]\\{[a-z]{1,3}\\}\\.[a-z]", 1..6)) {
        let template = format!("/{}", segments.join("/"));
        let routes = routes(&[("GET", &template)]);
        let path = format!("/shop{}", template.replace(['{', '}'], ""));
        proptest::prop_assert!(operation(&routes, "GET", &path).is_some(), "{template} {path}");
    }
}
