//! `letterbox seed N`: letters that look like letters, for tests and measurements. Not shown in the help.

use std::time::Duration;

use futures_util::future::try_join_all;

use super::{Failure, load_config, open_or_make_store, say, wait_for};
use crate::clock::{Clock, SystemClock};
use crate::models::{Action, Change, ChangeId, DeliveryKey, Draft, Letter, MessageId, Target, Timestamp};
use crate::store::{Delivery, Store, StoreError};

/// Letters on their way at once; the store commits them together.
const AT_ONCE: u64 = 500;
/// From one letter to the next.
const APART: Duration = Duration::from_secs(150);

pub(super) fn run(count: u64) -> Result<(), Failure> {
    let config = load_config()?;
    wait_for(async {
        let store = open_or_make_store(&config).await?;
        let now = SystemClock::start().now();
        let done = fill(&*store, count, now).await.map_err(|error| error.to_string());
        store.close().await;
        done
    })?;
    say(&format!("{count} letters were added."));
    Ok(())
}

/// Puts `count` letters into the store, the last one at `now`, and leaves some of them in each folder.
///
/// # Errors
/// Those of the store.
pub async fn fill(store: &dyn Store, count: u64, now: Timestamp) -> Result<(), StoreError> {
    let span = APART.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
    let mut next = now.minus(span);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for first in (0..count).step_by(AT_ONCE as usize) {
        let letters: Vec<Delivery> = (first..count.min(first + AT_ONCE))
            .map(|number| {
                next = next.plus(APART);
                delivery(&mut dice, number, next)
            })
            .collect::<Result<_, _>>()?;
        let ids: Vec<MessageId> = letters.iter().map(|letter| letter.id).collect();
        try_join_all(letters.into_iter().map(|letter| store.add_message(letter))).await?;
        put_away(store, &mut dice, &ids, now).await?;
    }
    Ok(())
}

/// Reads most letters, stars some, and puts others where letters go in time.
async fn put_away(store: &dyn Store, dice: &mut Dice, ids: &[MessageId], now: Timestamp) -> Result<(), StoreError> {
    for (action, of_hundred) in
        [(Action::Read, 70), (Action::Star, 3), (Action::Archive, 30), (Action::Spam, 4), (Action::Trash, 3)]
    {
        let letters: Vec<Target> =
            ids.iter().filter(|_| dice.roll(100) < of_hundred).map(|id| Target { id: *id, seen_in: None }).collect();
        store.change_messages(Change { id: ChangeId::new(now), action, letters, now }).await?;
    }
    Ok(())
}

fn delivery(dice: &mut Dice, number: u64, received_at: Timestamp) -> Result<Delivery, StoreError> {
    let failed = |why: String| StoreError::Internal(why.into());
    let draft = draft(dice, number);
    let letter = Letter::parse(&draft).map_err(|faults| failed(format!("{faults:?}")))?;
    let key = DeliveryKey::unique().map_err(|error| failed(error.to_string()))?;
    Ok(Delivery { id: MessageId::next(received_at), received_at, key, letter })
}

fn draft(dice: &mut Dice, number: u64) -> Draft {
    let (first, last) = (dice.pick(&FIRST_NAMES), dice.pick(&LAST_NAMES));
    let sentences = dice.pick(&LANGUAGES);
    // A long tail: most letters are a few lines, one in a thousand runs to pages.
    let length = 1 + dice.roll(4) + (1_000 / (1 + dice.roll(1_000))).min(120);
    let mut body = String::new();
    for sentence in 0..length {
        body.push_str(if sentence == 0 {
            ""
        } else if dice.roll(4) == 0 {
            "\n\n"
        } else {
            " "
        });
        body.push_str(dice.pick(sentences));
    }
    body.push_str(&format!("\n\nRef. {:05}-{:04}", dice.roll(100_000), dice.roll(10_000)));
    if number % 10_000 == 17 {
        body.push_str("\nP.S. Greetings from Zanzibar!");
    }
    let subject = if dice.roll(8) == 0 { String::new() } else { dice.pick(sentences).chars().take(60).collect() };
    Draft {
        name: format!("{first} {last}"),
        email: format!("writer{}@{}", dice.roll(20_000), dice.pick(&["example.com", "example.org", "post.example"])),
        subject,
        message: body,
    }
}

/// The same letters every time (xorshift64*): a measurement that fails can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    fn pick<'a, T: ?Sized>(&mut self, things: &[&'a T]) -> &'a T {
        things[self.roll(things.len() as u64) as usize]
    }
}

const FIRST_NAMES: [&str; 12] =
    ["Ada", "Zoë", "José", "Müge", "Ελένη", "Зоя", "Yuki", "Amélie", "Søren", "Nguyễn", "Fatima", "Bob"];
const LAST_NAMES: [&str; 12] = [
    "Lovelace",
    "Müller",
    "García",
    "Yılmaz",
    "Παπά",
    "Иванова",
    "田中",
    "Lefèvre",
    "Østergård",
    "An",
    "الزهراء",
    "Smith",
];

const LANGUAGES: [&[&str]; 7] = [&ENGLISH, &ENGLISH, &ENGLISH, &GERMAN, &FRENCH, &OTHER, &JAPANESE];
const ENGLISH: [&str; 10] = [
    "Could you please tell me when the workshop opens again?",
    "I read your article about garden chairs and have a question.",
    "We would like to invite you to speak at our conference in June.",
    "The invoice you sent me shows the wrong address.",
    "Thank you so much for the parcel, it arrived this morning.",
    "Is it possible to change my appointment to Thursday afternoon?",
    "My grandmother used to make exactly the same bread.",
    "Please call me back, the number is below.",
    "I cannot find the page where the photographs were.",
    "The link in your newsletter is broken.",
];
const GERMAN: [&str; 6] = [
    "Können Sie mir bitte sagen, wann die Werkstatt wieder öffnet?",
    "Herzliche Grüße aus dem verschneiten Zürich!",
    "Die Rechnung ist leider noch nicht angekommen.",
    "Ich würde gern einen Termin für nächsten Dienstag ausmachen.",
    "Vielen Dank für das schöne Päckchen.",
    "Mir gefällt besonders das dritte Foto.",
];
const FRENCH: [&str; 5] = [
    "Bonjour, je voudrais réserver une table pour samedi soir.",
    "Merci beaucoup pour votre réponse si rapide.",
    "Auriez-vous encore ce modèle en bleu foncé ?",
    "La facture jointe ne correspond pas à ma commande.",
    "Je vous souhaite une très belle journée.",
];
const OTHER: [&str; 5] = [
    "¿Podría enviarme más información sobre el taller?",
    "Σας ευχαριστώ πολύ για τη γρήγορη απάντηση.",
    "Спасибо большое, всё пришло вовремя.",
    "شكرا جزيلا على ردكم السريع.",
    "Bilgi için çok teşekkür ederim.",
];
const JAPANESE: [&str; 3] =
    ["はじめまして。ホームページを拝見しました。", "来週の予約を変更できますか。", "ご返信をお待ちしております。"];
