//! Personal access tokens: keys that a user makes for programs of theirs.
//!
//! A token is `lbx_` and 64 characters of base64url: its id, which is public, and 256 random bits, which are known to
//! its user alone. Kept is the SHA-256 of these bits. A password needs a salt and a slow hash because people choose what
//! others can guess; nobody guesses 256 random bits, so the fast hash tells a thief of the database nothing either, and
//! every request of a program can afford it.
//!
//! A token acts as its user, with the role they have at the time and within its scope. It does not end with a session,
//! with a change of role, or when its user changes their own password: programs go on working, as they do elsewhere. So
//! making one takes the present password, and a stolen session leaves no key behind. When somebody else sets the
//! password, which is how an account is taken back, all its tokens end. So they do when their user is removed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::{Auth, Client, RecogniseError, beside};
use crate::models::{
    EventKind, PasswordHash, PersonalToken, Scope, Timestamp, TokenId, TokenLifetime, TokenName, User,
};
use crate::store::StoreError;

/// Most tokens of one user, those that expired included. Who makes several at the same instant may get one more.
pub const TOKENS_MAX: usize = 50;

/// By this tools that look for leaked keys know ours.
pub const TOKEN_PREFIX: &str = "lbx_";
const ID: usize = 16;
const SECRET: usize = 32;
/// How exactly the last use is known. A program that asks every second writes once a minute.
const LAST_USE: Duration = Duration::from_secs(60);

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There are [`TOKENS_MAX`] already.
    #[error("there are as many access tokens as one user may have")]
    TooMany,
    /// The password that was proven for it is none any more.
    #[error("the present password is not right")]
    WrongPassword,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The parts of a token that a program presents.
struct Presented {
    id: TokenId,
    secret: [u8; SECRET],
}

impl Presented {
    fn random(now: Timestamp) -> Result<Self, StoreError> {
        let mut secret = [0; SECRET];
        getrandom::fill(&mut secret).map_err(|error| StoreError::Unavailable(error.to_string().into()))?;
        Ok(Self { id: TokenId::new(now), secret })
    }

    /// Reads the form of a token; 48 bytes fill 64 characters, so one token has one spelling.
    fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; ID + SECRET];
        let length = URL_SAFE_NO_PAD.decode_slice(text.strip_prefix(TOKEN_PREFIX)?, &mut bytes).ok()?;
        let (id, secret) = bytes.split_at(ID);
        (length == bytes.len()).then_some(())?;
        Some(Self { id: TokenId::from_bytes(id.try_into().ok()?), secret: secret.try_into().ok()? })
    }

    fn text(&self) -> String {
        format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode([&self.id.as_bytes()[..], &self.secret].concat()))
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }
}

impl Auth {
    /// Says as whom a token acts, and what it may be used for. The store is asked each time, so that a revoked token
    /// opens nothing more.
    ///
    /// # Errors
    /// [`RecogniseError::Nobody`] when it is none of ours, [`RecogniseError::Ended`] when it has expired, and failures.
    pub async fn recognise_token(&self, text: &str) -> Result<(User, Scope), RecogniseError> {
        let presented = Presented::parse(text).ok_or(RecogniseError::Nobody)?;
        let (token, user) = self.store.token(presented.id).await?.ok_or(RecogniseError::Nobody)?;
        if !bool::from(presented.hash().ct_eq(&token.hash)) {
            return Err(RecogniseError::Nobody);
        }
        let now = self.clock.now();
        if !token.is_live(now) {
            return Err(RecogniseError::Ended(None));
        }
        let recently = now.minus(LAST_USE);
        if token.last_used_at.is_none_or(|last| last < recently) {
            beside("the use of an access token", self.store.note_token_use(token.id, now, recently)).await;
        }
        Ok((user, token.scope))
    }

    /// Makes a token for somebody who has proven the password behind `proof`, and gives its text, which nobody can ask
    /// for again. If that was changed meanwhile, or the user removed, there is no token: whoever takes an account back
    /// has revoked all there were, this one must not slip in behind them.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn make_token(
        &self,
        user: &User,
        proof: &PasswordHash,
        name: TokenName,
        scope: Scope,
        lifetime: TokenLifetime,
        client: &Client,
    ) -> Result<String, TokenError> {
        if self.store.list_tokens(user.id).await?.len() >= TOKENS_MAX {
            return Err(TokenError::TooMany);
        }
        let now = self.clock.now();
        let made = Presented::random(now)?;
        let token = PersonalToken {
            id: made.id,
            user_id: user.id,
            name,
            scope,
            hash: made.hash(),
            created_at: now,
            expires_at: lifetime.end(now),
            last_used_at: None,
        };
        let name = token.name.clone();
        let added = self.store.add_token(token).await;
        let stored = self.store.user_by_email(&user.email.key()).await?;
        if !stored.is_some_and(|(now, hash)| now.id == user.id && hash == *proof) {
            self.store.remove_token(user.id, made.id).await?;
            return Err(TokenError::WrongPassword);
        }
        added?;
        self.note(EventKind::AccessTokenMade, user.email.as_str(), name.as_str(), client).await;
        Ok(made.text())
    }

    /// The user's own tokens, the one made last first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tokens_of(&self, user: &User) -> Result<Vec<PersonalToken>, StoreError> {
        self.store.list_tokens(user.id).await
    }

    /// Revokes one of the user's own tokens, at once; false when they have none of this id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn revoke_token(&self, user: &User, wanted: &str, client: &Client) -> Result<bool, StoreError> {
        let tokens = self.store.list_tokens(user.id).await?;
        let Some(token) = tokens.into_iter().find(|token| token.id.to_string() == wanted) else { return Ok(false) };
        let removed = self.store.remove_token(user.id, token.id).await?;
        if removed {
            self.note(EventKind::AccessTokenRevoked, user.email.as_str(), token.name.as_str(), client).await;
        }
        Ok(removed)
    }

    pub(super) async fn revoke_all_tokens(&self, user: &User, by: &str, client: &Client) -> Result<(), StoreError> {
        if self.store.remove_tokens(user.id).await? > 0 {
            self.note(EventKind::AccessTokenRevoked, by, user.email.as_str(), client).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_spelling_and_its_hash_is_that_of_its_secret() {
        let made = Presented::random(Timestamp::from_millis(1_000)).unwrap();
        let text = made.text();
        assert!(text.starts_with("lbx_") && text.len() == 68, "{text}");
        let read = Presented::parse(&text).unwrap();
        assert_eq!((read.id, read.hash(), read.text()), (made.id, made.hash(), text.clone()));
        assert_eq!(made.hash(), <[u8; 32]>::from(Sha256::digest(made.secret)));
        for wrong in
            ["", "lbx_", &text[4..], &text[..67], &format!("{text}A"), &format!("{text}="), &text.replace("lbx", "LBX")]
        {
            assert!(Presented::parse(wrong).is_none(), "{wrong}");
        }
    }
}
