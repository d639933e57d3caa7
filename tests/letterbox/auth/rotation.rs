//! The table of security.md §1.2, against a small model of it that shares no code with the house.

use std::time::Duration;

use letterbox::auth::{Client, Presented, RecogniseError, Recognised, RefreshToken};
use letterbox::models::{EndReason, Role, Session, SessionId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{count_events, recognise, session};
use crate::support::{OWNER, PASSWORD, TestApp};

const DAY: u64 = 24 * 60 * 60 * 1_000;
const ACCESS: u64 = 15 * 60 * 1_000;
const IDLE: u64 = 30 * DAY;
const GRACE: u64 = 30_000;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Time passes, in milliseconds.
    Wait(u64),
    /// A request with the token so many renewals old, and perhaps the access token that was received last.
    Ask {
        behind: u64,
        with_access: bool,
        answer_lost: bool,
    },
    /// Two requests with the same token at once.
    Race {
        behind: u64,
    },
    /// The session's id and counter with another MAC.
    Forge {
        behind: u64,
    },
    LogOut {
        behind: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Known,
    Renewed { to: u64 },
    Nobody,
    Ended(Option<EndReason>),
}

/// What the table says. Times are milliseconds since the login.
#[derive(Debug, Clone)]
struct Model {
    now: u64,
    counter: u64,
    seen: bool,
    rotated_at: u64,
    idle_at: u64,
    end_at: u64,
    ended: Option<EndReason>,
    /// When the access token in hand runs out.
    access_until: u64,
    alarms: usize,
}

impl Model {
    fn new(end_at: u64, access_until: u64) -> Self {
        Self {
            now: 0,
            counter: 0,
            seen: false,
            rotated_at: 0,
            idle_at: IDLE,
            end_at,
            ended: None,
            access_until,
            alarms: 0,
        }
    }

    fn is_live(&self) -> bool {
        self.ended.is_none() && self.now < self.idle_at && self.now < self.end_at
    }

    fn ask(&mut self, generation: u64, with_access: bool) -> Outcome {
        if with_access && self.now < self.access_until && self.is_live() {
            self.seen |= generation == self.counter;
            return Outcome::Known;
        }
        if !self.is_live() {
            return Outcome::Ended(self.ended);
        }
        match self.counter - generation {
            0 => {
                self.counter += 1;
                self.seen = false;
                self.rotated_at = self.now;
                self.idle_at = (self.now + IDLE).min(self.end_at);
                Outcome::Renewed { to: self.counter }
            }
            1 if self.now - self.rotated_at <= GRACE || !self.seen => Outcome::Renewed { to: self.counter },
            _ => {
                self.ended = Some(EndReason::TokenReused);
                self.alarms += 1;
                Outcome::Ended(self.ended)
            }
        }
    }
}

/// A session of the real thing beside its model.
struct Pair<'a> {
    app: &'a TestApp,
    id: SessionId,
    model: Model,
    /// The access token that was received last.
    access: String,
    alarms_before: usize,
}

impl<'a> Pair<'a> {
    fn begin(app: &'a TestApp) -> Self {
        app.clock.advance(super::CALM);
        let logged_in =
            app.block_on(app.state.auth.log_in(OWNER, PASSWORD, None, &Client::default())).expect("the login");
        let id = super::session_id(&logged_in.tokens.refresh);
        let stored = session(app, id);
        let since_login = |millis: i64| u64::try_from(millis - stored.created_at.millis()).unwrap();
        let end_at = since_login(stored.expires_at.millis());
        assert!((6 * IDLE - 999..=6 * IDLE).contains(&end_at));
        let exact = Self::access_until(stored.created_at.millis(), 0, end_at);
        Self {
            app,
            id,
            model: Model::new(end_at, exact),
            access: logged_in.tokens.access,
            alarms_before: count_events(app, "token-reused"),
        }
    }

    /// JWTs count whole seconds.
    fn access_until(begun: i64, now: u64, end_at: u64) -> u64 {
        let begun = u64::try_from(begun).unwrap();
        (begun + (now + ACCESS).min(end_at)) / 1_000 * 1_000 - begun
    }

    fn stored(&self) -> Session {
        session(self.app, self.id)
    }

    fn token(&self, generation: u64) -> String {
        RefreshToken::of(&Session { counter: generation, ..self.stored() }).to_string()
    }

    fn take(&mut self, outcome: &Result<Recognised, RecogniseError>, lost: bool) -> Outcome {
        match outcome {
            Ok(Recognised { renewed: None, .. }) => Outcome::Known,
            Ok(Recognised { renewed: Some(tokens), session, .. }) => {
                assert_eq!(*session, self.id);
                let to = tokens.refresh.split('.').nth(2).unwrap().parse().unwrap();
                assert_eq!(tokens.refresh, self.token(to), "every racer gets the same bytes");
                if !lost {
                    self.access.clone_from(&tokens.access);
                    let begun = self.stored().created_at.millis();
                    self.model.access_until = Self::access_until(begun, self.model.now, self.model.end_at);
                }
                Outcome::Renewed { to }
            }
            Err(RecogniseError::Nobody) => Outcome::Nobody,
            Err(RecogniseError::Ended(reason)) => Outcome::Ended(*reason),
            Err(other) => panic!("{other}"),
        }
    }

    fn step(&mut self, step: Step) {
        let generation = |behind: u64, model: &Model| model.counter.saturating_sub(behind);
        match step {
            Step::Wait(millis) => {
                self.model.now += millis;
                self.app.clock.advance(Duration::from_millis(millis));
            }
            Step::Ask { behind, with_access, answer_lost } => {
                let generation = generation(behind, &self.model);
                let token = self.token(generation);
                let expected = self.model.ask(generation, with_access);
                let access = self.access.clone();
                let got = recognise(self.app, with_access.then_some(access.as_str()), Some(&token));
                assert_eq!(self.take(&got, answer_lost), expected, "{step:?}");
            }
            Step::Race { behind } => self.race(generation(behind, &self.model)),
            Step::Forge { behind } => {
                let genuine = self.stored();
                let forged = Session { counter: generation(behind, &self.model), key: [7; 32], ..genuine };
                let got = recognise(self.app, None, Some(&RefreshToken::of(&forged).to_string()));
                assert!(matches!(got, Err(RecogniseError::Nobody)), "{got:?}");
            }
            Step::LogOut { behind } => {
                let token = self.token(generation(behind, &self.model));
                let presented = Presented { access: None, refresh: Some(&token) };
                self.app.block_on(self.app.state.auth.log_out(presented, &Client::default())).unwrap();
                self.model.ended.get_or_insert(EndReason::LoggedOut);
            }
        }
        self.compare();
    }

    fn race(&mut self, generation: u64) {
        let token = self.token(generation);
        let presented = Presented { access: None, refresh: Some(&token) };
        let client = Client::default();
        let auth = &self.app.state.auth;
        let racers = self.app.block_on(async {
            futures_util::future::join(auth.recognise(presented, &client), auth.recognise(presented, &client)).await
        });
        let first = self.model.ask(generation, false);
        let second = self.model.ask(generation, false);
        let got = [self.take(&racers.0, false), self.take(&racers.1, false)];
        assert!(got == [first, second] || got == [second, first], "{got:?} for {first:?} and {second:?}");
    }

    fn compare(&self) {
        let (stored, model) = (self.stored(), &self.model);
        let begun = stored.created_at;
        let at = |millis: u64| begun.plus(Duration::from_millis(millis));
        assert_eq!(stored.counter, model.counter);
        assert_eq!(stored.current_seen, model.seen);
        assert_eq!(stored.rotated_at, at(model.rotated_at));
        assert_eq!(stored.idle_expires_at, at(model.idle_at), "the idle limit");
        assert_eq!(stored.expires_at, at(model.end_at), "renewal never moves the absolute limit");
        assert_eq!(stored.ended.map(|(_, reason)| reason), model.ended);
        assert_eq!(count_events(self.app, "token-reused") - self.alarms_before, model.alarms);
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let spans = [
        1,
        999,
        1_000,
        29_999,
        30_000,
        30_001,
        60_000,
        ACCESS - 1,
        ACCESS,
        ACCESS + 1_000,
        DAY,
        29 * DAY,
        IDLE - 1,
        IDLE,
    ];
    let behind = || prop_oneof![6 => Just(0_u64), 4 => Just(1), 1 => 2..4_u64];
    let step = prop_oneof![
        5 => proptest::sample::select(spans.to_vec()).prop_map(Step::Wait),
        6 => (behind(), any::<bool>(), any::<bool>())
            .prop_map(|(behind, with_access, answer_lost)| Step::Ask { behind, with_access, answer_lost }),
        2 => behind().prop_map(|behind| Step::Race { behind }),
        1 => behind().prop_map(|behind| Step::Forge { behind }),
        1 => behind().prop_map(|behind| Step::LogOut { behind }),
    ];
    proptest::collection::vec(step, 1..30)
}

#[test]
fn r2_r3_r4_r6_whatever_happens_to_a_session_the_table_is_followed() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let checked = TestRunner::new(config).run(&steps(), |steps| {
        let mut pair = Pair::begin(&app);
        steps.into_iter().for_each(|step| pair.step(step));
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Uses a session every `pace` until it ends; says after how long that was.
fn lasts(pace: u64) -> u64 {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let mut pair = Pair::begin(&app);
    while pair.model.is_live() {
        pair.step(Step::Ask { behind: 0, with_access: true, answer_lost: false });
        pair.step(Step::Wait(pace));
    }
    pair.step(Step::Ask { behind: 0, with_access: true, answer_lost: false });
    pair.model.now
}

#[test]
fn r6_a_session_in_use_ends_at_its_absolute_limit_and_an_idle_one_at_its_idle_limit() {
    let absolute = lasts(20 * DAY);
    assert!((180 * DAY..200 * DAY).contains(&absolute), "{absolute}");
    assert_eq!(lasts(IDLE), IDLE);
}

#[test]
fn the_last_second_of_a_session_raises_no_false_alarm() {
    let app = TestApp::start();
    app.add_user(OWNER, Role::Owner);
    let mut pair = Pair::begin(&app);
    while pair.model.end_at - pair.model.now > 20 * DAY {
        pair.step(Step::Wait(20 * DAY));
        pair.step(Step::Ask { behind: 0, with_access: false, answer_lost: false });
    }
    let left = pair.stored().expires_at.since(pair.stored().rotated_at);
    pair.step(Step::Wait(u64::try_from(left.as_millis()).unwrap() - 20));
    for _ in 0..5 {
        pair.step(Step::Ask { behind: 0, with_access: true, answer_lost: false });
        pair.step(Step::Wait(1));
    }
    assert_eq!(pair.model.alarms, 0);
    assert!(pair.stored().counter < 12, "one renewal opens the last moments, not every request one of its own");
}
