#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| yett_engine::fuzzing::xml(bytes));
