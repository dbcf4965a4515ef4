//! Fleets of many services, built by pymono and by what people have without it.

#![expect(dead_code, reason = "fixed before anything that is measured with it")]

mod fleet;
mod profiles;
