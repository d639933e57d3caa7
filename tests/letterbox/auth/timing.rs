//! R17: time does not tell who has an account.

use std::time::{Duration, Instant};

use letterbox::auth::{Client, LoginError};
use letterbox::models::Role;

use crate::support::{OWNER, TestApp};

const SAMPLES: usize = 200;
/// Other programs disturb a measurement; a real difference would be there every time.
const ROUNDS: usize = 5;

fn time(app: &TestApp, email: &str) -> Duration {
    app.clock.advance(Duration::from_secs(90));
    let begun = Instant::now();
    let outcome = app.block_on(app.state.auth.log_in(email, "a wrong password", None, &Client::default()));
    assert!(matches!(outcome, Err(LoginError::Wrong)), "{outcome:?}");
    begun.elapsed()
}

fn median(mut samples: Vec<Duration>) -> f64 {
    samples.sort_unstable();
    samples[samples.len() / 2].as_secs_f64()
}

/// How far the medians of an unknown and a known address lie apart, as a share of the larger.
fn difference(app: &TestApp) -> f64 {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..SAMPLES {
        // Side by side, and in turn the one or the other first, so that both meet the same weather.
        if number % 2 == 0 {
            known.push(time(app, OWNER));
            unknown.push(time(app, "nobody@example.com"));
        } else {
            unknown.push(time(app, "nobody@example.com"));
            known.push(time(app, OWNER));
        }
    }
    let (known, unknown) = (median(known), median(unknown));
    (known - unknown).abs() / known.max(unknown)
}

#[test]
#[ignore = "needs a quiet machine: timing"]
fn r17_an_unknown_address_takes_as_long_as_a_wrong_password() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    time(&app, "nobody@example.com");
    let mut differences = Vec::new();
    for _ in 0..ROUNDS {
        let difference = difference(&app);
        if difference < 0.05 {
            return;
        }
        differences.push(difference);
    }
    panic!("the medians differ every time: {differences:?}");
}
