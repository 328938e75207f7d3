//! Has the crate compiled again when a migration is added: its sources do not change then.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
