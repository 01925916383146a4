#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| webhooks_fuzz::delivery(data));
