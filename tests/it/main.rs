//! Tests of the whole.

mod lock_oracle;
