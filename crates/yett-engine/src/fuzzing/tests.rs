use super::replay::replay;

macro_rules! replays {
    ($($test:ident: $target:ident),* $(,)?) => {$(
        #[test]
        fn $test() {
            replay(stringify!($target), super::$target);
        }
    )*};
}

replays! {
    targets_hold_on_seeds_and_changes: target,
    keys_hold_on_seeds_and_changes: key,
    snapshots_hold_on_seeds_and_changes: snapshot,
    requests_hold_on_seeds_and_changes: request,
    decisions_hold_on_seeds_and_changes: decide,
    fields_hold_on_seeds_and_changes: fields,
    header_values_hold_on_seeds_and_changes: header,
    tokens_hold_on_seeds_and_changes: jose,
    json_holds_on_seeds_and_changes: json,
    injection_holds_on_seeds_and_changes: injection,
    multipart_holds_on_seeds_and_changes: multipart,
    xml_holds_on_seeds_and_changes: xml,
    graphql_holds_on_seeds_and_changes: graphql,
}
