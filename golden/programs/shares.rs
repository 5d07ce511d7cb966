// Seven tenths of the time below one function, three tenths below another: shares SECONDS.
use std::hint::black_box;
use std::time::{Duration, Instant};

#[inline(never)]
fn descend(depth: u32, words: &mut Vec<String>) -> usize {
    if depth == 0 {
        words.push(format!("{depth}"));
        return words.pop().map_or(0, |word| word.len());
    }
    1 + black_box(descend(depth - 1, words))
}

#[inline(never)]
fn work(rounds: u32) {
    let mut words = Vec::new();
    for _ in 0..rounds {
        black_box(descend(20, &mut words));
    }
}

#[inline(never)]
fn spend_seventy() {
    black_box(work(7 * 8000));
}

#[inline(never)]
fn spend_thirty() {
    black_box(work(3 * 8000));
}

fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(60));
    let spender = std::thread::spawn(move || {
        while Instant::now() < end {
            spend_seventy();
            spend_thirty();
        }
    });
    spender.join().unwrap();
}
