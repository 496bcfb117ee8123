use super::inheritance::{DEEPEST, Fault, order};
use super::*;
use crate::exchange::Now;
use crate::fixture::{self, NOW, bytes, change, changed, pepper};
use crate::plan::Plan;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use yett_model::snapshot::Snapshot;

const DAY: u64 = 86_400;
const OPERATIONS: [&str; 4] = ["shop:list", "shop:get", "shop:create", "shop:health"];

fn second() -> u64 {
    NOW.unix_ms / 1000
}

fn at(second: u64) -> Now {
    Now { unix_ms: second * 1000, mono_us: 0 }
}

fn plan(snapshot: &Value) -> Plan {
    Plan::build(&bytes(snapshot), Arc::new(pepper())).unwrap_or_else(|found| panic!("{found:?}"))
}

fn mistakes(snapshot: &Value) -> Vec<(String, String, String)> {
    let found = Plan::build(&bytes(snapshot), Arc::new(pepper())).err().unwrap_or_default();
    found.into_iter().map(|one| (one.path, one.code, one.message)).collect()
}

/// What the app may use at a second.
fn allowed(snapshot: &Value, app: &str, second: u64) -> Vec<&'static str> {
    let plan = plan(snapshot);
    let grants = plan.assume(app).unwrap().grants;
    (0..4).filter(|number| grants.allows(*number, at(second))).map(|number| OPERATIONS[number as usize]).collect()
}

/// The fixture with other profiles, all of which `reader-app` has.
fn with_profiles(profiles: Value) -> Value {
    let names: Vec<Value> = profiles.as_array().unwrap().iter().map(|profile| profile["name"].clone()).collect();
    change(changed("/profiles", profiles), "/apps/0/profiles", json!(names))
}

#[test]
fn a_deny_of_one_profile_wins_over_the_grants_of_all_others() {
    let denies = with_profiles(json!([
        {"name": "reader", "operations": ["shop:list", "shop:get"]},
        {"name": "careful", "denied_operations": ["shop:get"]},
    ]));
    assert_eq!(allowed(&denies, "reader-app", second()), ["shop:list"]);
    let of_collection = change(denies, "/collections", json!([{"name": "one", "operations": ["shop:list"]}]));
    let of_collection = change(of_collection, "/profiles/1/denied_collections", json!(["one"]));
    assert_eq!(allowed(&of_collection, "reader-app", second()), [""; 0]);
}

#[test]
fn what_is_inherited_is_granted_and_denied_however_far_away_it_stands() {
    let line = change(
        changed(
            "/profiles",
            json!([
                {"name": "editor", "inherits": ["writer"]},
                {"name": "writer", "inherits": ["reader"], "operations": ["shop:create"], "denied_operations": ["shop:list"]},
                {"name": "reader", "operations": ["shop:list", "shop:get"]},
            ]),
        ),
        "/apps/0/profiles",
        json!(["editor"]),
    );
    assert_eq!(allowed(&line, "reader-app", second()), ["shop:get", "shop:create"]);
}

#[test]
fn an_app_has_the_profiles_of_its_team_and_their_denies() {
    let team = changed("/teams", json!([{"name": "idlers", "profiles": ["reader"]}]));
    assert_eq!(allowed(&team, "idle-app", second()), ["shop:list", "shop:get"]);
    let denying = change(team, "/profiles/0/denied_operations", json!(["shop:get"]));
    assert_eq!(allowed(&denying, "idle-app", second()), ["shop:list"]);
}

#[test]
fn a_time_boxed_profile_gives_nothing_before_and_after() {
    let boxed = json!([{"profile": "reader", "from": second(), "until": second() + DAY}]);
    let boxed = change(changed("/apps/1/timed_profiles", boxed), "/teams", json!([]));
    for (moment, given) in [(second() - 1, false), (second(), true), (second() + DAY - 1, true), (second() + DAY, false)] {
        assert_eq!(!allowed(&boxed, "idle-app", moment).is_empty(), given, "{moment}");
    }
}

#[test]
fn a_time_boxed_grant_holds_only_while_its_profile_is_held_too() {
    let grant = json!([{"operations": ["shop:create"], "from": second() + 10, "until": second() + 30}]);
    let held = json!([{"profile": "reader", "until": second() + 20}]);
    let both = change(changed("/profiles/0/timed", grant), "/apps/1/timed_profiles", held);
    let creates = |moment| allowed(&both, "idle-app", moment).contains(&"shop:create");
    assert_eq!([0, 9, 10, 19, 20, 29].map(|later| creates(second() + later)), [false, false, true, true, false, false]);
    assert_eq!(allowed(&both, "reader-app", second() + 29), ["shop:list", "shop:get", "shop:create"]);
}

#[test]
fn a_deny_of_a_profile_that_is_held_for_a_time_ends_with_it() {
    let profiles = json!([
        {"name": "reader", "operations": ["shop:get"]}, {"name": "frozen", "denied_operations": ["shop:get"]},
    ]);
    let denying = changed("/profiles", profiles);
    let denying = change(denying, "/apps/0/timed_profiles", json!([{"profile": "frozen", "until": second()}]));
    assert_eq!(allowed(&denying, "reader-app", second() - 1), [""; 0]);
    assert_eq!(allowed(&denying, "reader-app", second()), ["shop:get"]);
}

#[test]
fn a_narrowed_key_keeps_the_denies_and_limits_of_the_profiles_it_does_not_carry() {
    let limit = json!([{"name": "slow", "measure": {"kind": "concurrent", "amount": 1}, "by": "app"}]);
    let narrowed = with_profiles(json!([
        {"name": "reader", "operations": ["shop:list", "shop:get"]},
        {"name": "careful", "operations": ["shop:create"], "denied_operations": ["shop:get"], "limits": limit},
    ]));
    let narrowed = change(narrowed, "/credentials/0/profiles", json!(["reader"]));
    let plan = plan(&narrowed);
    let grants = plan.credentials.find("yett_test_00000000", |_| true).unwrap().grants;
    assert_eq!([0, 1, 2].map(|number| grants.allows(number, NOW)), [true, false, false]);
    assert_eq!(grants.limits(NOW).len(), 1);
    assert_eq!(&*grants.profiles(NOW), ["reader".into()]);
}

#[test]
fn a_key_may_be_narrowed_to_a_profile_of_the_team() {
    let team =
        change(changed("/teams", json!([{"name": "idlers", "profiles": ["reader"]}])), "/credentials/0/app", json!("idle-app"));
    assert_eq!(mistakes(&change(team, "/credentials/0/profiles", json!(["reader"]))), []);
}

#[test]
fn limits_are_inherited_where_a_profile_has_none_of_its_own_and_count_once() {
    let limit = |name: &str| json!([{"name": name, "measure": {"kind": "concurrent", "amount": 1}, "by": "app"}]);
    let family = with_profiles(json!([
        {"name": "reader", "limits": limit("base")},
        {"name": "guest", "inherits": ["reader"]},
        {"name": "writer", "inherits": ["reader"], "limits": limit("own")},
    ]));
    let plan = plan(&family);
    let limits = |names: &[&str]| plan.profiles.grants_of(names.iter().copied()).limits(NOW).len();
    assert_eq!([limits(&["guest"]), limits(&["writer"]), limits(&["guest", "reader"])], [1, 1, 1]);
    assert_eq!(limits(&["guest", "writer"]), 2);
}

#[test]
fn the_limits_of_a_profile_hold_while_it_is_held() {
    let limit = json!([{"name": "slow", "measure": {"kind": "concurrent", "amount": 1}, "by": "app"}]);
    let boxed = json!([{"profile": "reader", "until": second()}]);
    let plan = plan(&change(changed("/profiles/0/limits", limit), "/apps/1/timed_profiles", boxed));
    let grants = plan.assume("idle-app").unwrap().grants;
    assert_eq!([1, 0].map(|before| grants.limits(at(second() - before)).len()), [1, 0]);
}

#[test]
fn profiles_that_inherit_one_another_in_a_circle_are_refused_with_the_whole_circle() {
    let circle = with_profiles(json!([
        {"name": "a", "inherits": ["b"]}, {"name": "b", "inherits": ["c"]}, {"name": "c", "inherits": ["b"]},
        {"name": "d", "inherits": ["d"]},
    ]));
    let found = mistakes(&circle);
    let expected = [("/profiles/1/inherits", "'b' inherits 'c' inherits 'b'"), ("/profiles/3/inherits", "'d' inherits 'd'")];
    assert_eq!(found, expected.map(|(path, told)| (path.to_owned(), "profile-cycle".to_owned(), told.to_owned())));
}

#[test]
fn mistakes_of_access_are_told_at_once() {
    let bad = change(changed("/profiles/0/inherits", json!(["x"])), "/profiles/0/denied_operations", json!(["shop:x"]));
    let bad = change(bad, "/profiles/0/denied_collections", json!(["x"]));
    let bad = change(bad, "/profiles/0/timed", json!([{"from": 5, "until": 5}]));
    let bad = change(bad, "/apps/1/timed_profiles", json!([{"profile": "x", "from": 5, "until": 4}]));
    let bad = change(bad, "/teams", json!([{"name": "idlers", "profiles": ["x"]}, {"name": "idlers"}]));
    let mut codes: Vec<(String, String)> = mistakes(&bad).into_iter().map(|(path, code, _)| (path, code)).collect();
    codes.sort();
    let expected = [
        ("/apps/1/timed_profiles/0", "window-empty"),
        ("/apps/1/timed_profiles/0/profile", "profile-unknown"),
        ("/profiles/0/denied_collections", "collection-unknown"),
        ("/profiles/0/denied_operations", "operation-unknown"),
        ("/profiles/0/inherits", "profile-unknown"),
        ("/profiles/0/timed/0", "window-empty"),
        ("/teams/0/profiles", "profile-unknown"),
        ("/teams/1/name", "team-duplicate"),
    ];
    assert_eq!(codes, expected.map(|(path, code)| (path.to_owned(), code.to_owned())));
}

#[test]
fn more_time_boxes_than_anybody_needs_are_refused() {
    let boxes: Vec<Value> =
        (0..1_001).map(|day| json!({"profile": "reader", "from": (day + 1) * 10, "until": u64::MAX})).collect();
    let found = mistakes(&changed("/apps/1/timed_profiles", json!(boxes)));
    assert_eq!(found.into_iter().map(|(_, code, _)| code).collect::<Vec<_>>(), ["time-boxes-too-many"]);
}

#[test]
fn a_line_of_profiles_without_end_is_refused_and_costs_no_stack() {
    let line =
        |length: u32| (0..length).map(|number| if number + 1 < length { vec![number + 1] } else { vec![] }).collect::<Vec<_>>();
    assert!(order(&line(DEEPEST as u32)).is_ok());
    assert_eq!(order(&line(DEEPEST as u32 + 1)), Err(vec![Fault::TooDeep(0)]));
    assert!(order(&line(200_000)).is_err());
}

#[test]
fn holders_of_the_same_profiles_share_one_set_of_bits() {
    let twins = changed("/apps/1/profiles", json!(["reader"]));
    let plan = plan(&twins);
    let grants = |app: &str| plan.assume(app).unwrap().grants;
    assert!(Arc::ptr_eq(&grants("reader-app"), &grants("idle-app")));
    assert!(Arc::ptr_eq(&grants("reader-app"), &plan.profiles.grants_of(["reader", "nobody-has-this"])));
}

#[test]
fn without_time_boxes_no_clock_is_looked_at() {
    let plan = plan(&fixture::snapshot());
    assert!(!plan.assume("reader-app").unwrap().grants.is_timed());
}

/// A profile of a random model: its parents stand behind it, so that there is no circle.
#[derive(Debug, Clone)]
struct Drawn {
    parents: Vec<u32>,
    granted: Vec<u32>,
    timed: Vec<(u32, u64, u64)>,
    denied: Vec<u32>,
}

const PROFILES: u32 = 5;

fn drawn(number: u32) -> impl Strategy<Value = Drawn> {
    let operations = || prop::collection::vec(0..4_u32, 0..3);
    let parents = prop::collection::vec(number + 1..PROFILES + 1, 0..3);
    let timed = prop::collection::vec((0..4_u32, 0..6_u64, 6..12_u64), 0..3);
    (parents, operations(), timed, operations()).prop_map(|(parents, granted, timed, denied)| Drawn {
        parents: parents.into_iter().filter(|parent| *parent < PROFILES).collect(),
        granted,
        timed,
        denied,
    })
}

fn model() -> impl Strategy<Value = Vec<Drawn>> {
    (drawn(0), drawn(1), drawn(2), drawn(3), drawn(4)).prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e])
}

fn json_of(model: &[Drawn]) -> Value {
    let names = |numbers: &[u32]| numbers.iter().map(|number| OPERATIONS[*number as usize]).collect::<Vec<_>>();
    let profile = |(number, drawn): (usize, &Drawn)| {
        let timed: Vec<Value> = drawn
            .timed
            .iter()
            .map(|(operation, from, until)| json!({"operations": names(&[*operation]), "from": from, "until": until}))
            .collect();
        json!({
            "name": format!("p{number}"), "operations": names(&drawn.granted), "denied_operations": names(&drawn.denied),
            "timed": timed, "inherits": drawn.parents.iter().map(|parent| format!("p{parent}")).collect::<Vec<_>>(),
        })
    };
    json!(model.iter().enumerate().map(profile).collect::<Vec<_>>())
}

/// The rule itself, as one says it: some profile that is held now grants it, and none denies it.
fn naive(model: &[Drawn], held: &[(u32, u64, u64)], operation: u32, second: u64) -> bool {
    fn any(model: &[Drawn], profile: u32, says: &dyn Fn(&Drawn) -> bool) -> bool {
        let drawn = &model[profile as usize];
        says(drawn) || drawn.parents.iter().any(|parent| any(model, *parent, says))
    }
    let now = |says: &dyn Fn(&Drawn) -> bool| {
        held.iter().any(|(profile, from, until)| (*from..*until).contains(&second) && any(model, *profile, says))
    };
    let granted = now(&|drawn| {
        let timed = |(of, from, until): &(u32, u64, u64)| *of == operation && (*from..*until).contains(&second);
        drawn.granted.contains(&operation) || drawn.timed.iter().any(timed)
    });
    granted && !now(&|drawn| drawn.denied.contains(&operation))
}

proptest! {
    #[test]
    fn bits_of_any_model_say_what_the_rule_says_at_any_second(
        model in model(),
        held in prop::collection::vec((0..PROFILES, 0..8_u64, 4..14_u64), 0..4),
    ) {
        let snapshot: Snapshot = serde_json::from_value(changed("/profiles", json_of(&model))).unwrap();
        let numbers: HashMap<&str, u32> = OPERATIONS.into_iter().zip(0..).collect();
        let mut found = Vec::new();
        let profiles = build(&snapshot, &numbers, &crate::policy::RoleRules::default(), &mut found);
        prop_assert_eq!(&found, &[]);
        let windows: Vec<Held> = held
            .iter()
            .map(|(profile, from, until)| Held { profile: *profile, window: Window { from: *from, until: *until } })
            .collect();
        let grants = profiles.grants(&windows, &[]);
        for (operation, second) in (0..4).flat_map(|operation| (0..15).map(move |second| (operation, second))) {
            prop_assert_eq!(grants.allows(operation, at(second)), naive(&model, &held, operation, second), "{} at {}", operation, second);
        }
    }
}

#[test]
fn an_agent_for_a_user_whom_nobody_knows_may_do_nothing() {
    let plan = plan(&changed("/apps/0/agent", json!(true)));
    let mut principal = plan.assume("reader-app").unwrap();
    assert!(principal.grants.allows(1, NOW));
    principal.user = Some("ghost".into());
    plan.bind(&mut principal);
    assert!((0..4).all(|number| !principal.grants.allows(number, NOW)));
}

#[test]
fn an_app_that_is_no_agent_is_not_bound_by_the_user_its_token_names() {
    let plan = plan(&fixture::snapshot());
    let mut principal = plan.assume("reader-app").unwrap();
    principal.user = Some("ghost".into());
    plan.bind(&mut principal);
    assert!(principal.grants.allows(1, NOW));
}
