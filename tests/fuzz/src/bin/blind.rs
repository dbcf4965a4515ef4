//! Fuzzes one target with its seeds, torn and mixed at random: `blind TARGET SECONDS SEEDS TOKENS CRASHES`.
//!
//! For machines on which the guided one cannot be built. Each input is written
//! down before it is tried, so that one that never comes back is found too.
#![expect(clippy::print_stdout, reason = "how much was tried goes to the chore that asked")]

use std::{
    fs,
    panic::catch_unwind,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use fastrand::Rng;
use pymono_fuzz::Target;

/// How long one input may take.
const LIMIT: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, seconds, seeds, tokens, crashes] = &arguments[..] else {
        return ExitCode::FAILURE;
    };
    let target = Target::named(name).expect("the first argument is a target");
    let seconds = seconds.parse().expect("the second argument is a number");
    let seeds = fs::read_dir(seeds).expect("the seeds can be read");
    let seeds: Vec<String> =
        seeds.filter_map(|seed| fs::read_to_string(seed.ok()?.path()).ok()).collect();
    let tokens = fs::read_to_string(tokens).expect("the tokens can be read");
    let tokens: Vec<&str> =
        tokens.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"')).collect();
    let (start, mut random) = (Instant::now(), Rng::with_seed(0));
    let mut runs = 0_u64;
    while start.elapsed() < Duration::from_secs(seconds) {
        let input = torn(&seeds, &tokens, &mut random);
        let kept = Path::new(crashes).join(format!("{name}-blind"));
        fs::write(&kept, &input).expect("the input can be kept");
        let began = Instant::now();
        if catch_unwind(|| (target.run)(&input)).is_err() || began.elapsed() > LIMIT {
            return ExitCode::FAILURE;
        }
        fs::remove_file(&kept).expect("the input can be removed");
        runs += 1;
    }
    println!("stat::number_of_executed_units: {runs}");
    ExitCode::SUCCESS
}

/// Returns a seed in which a few pieces are cut out, doubled, or replaced by others.
fn torn(seeds: &[String], tokens: &[&str], random: &mut Rng) -> String {
    let mut text = random.choice(seeds).cloned().unwrap_or_default();
    for _ in 0..random.usize(1..8) {
        let (from, to) = (place(&text, random), place(&text, random));
        let (from, to) = (from.min(to), from.max(to));
        let piece = match random.u8(0..4) {
            0 => String::new(),
            1 => text[from..to].repeat(2),
            2 => (*random.choice(tokens).unwrap_or(&"")).to_owned(),
            _ => {
                let other = random.choice(seeds).map_or("", String::as_str);
                let (one, two) = (place(other, random), place(other, random));
                other[one.min(two)..one.max(two)].to_owned()
            }
        };
        if text.len() + piece.len() < 8192 {
            text.replace_range(from..to, &piece);
        }
    }
    text
}

fn place(text: &str, random: &mut Rng) -> usize {
    let byte = random.usize(0..=text.len());
    (0..=byte).rev().find(|byte| text.is_char_boundary(*byte)).unwrap_or(0)
}
