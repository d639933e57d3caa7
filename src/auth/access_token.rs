//! The access token: a JWT that says who is there and in which session, for a few minutes.
//!
//! RFC 7519 (JWT), RFC 8725 (best practice: one pinned algorithm, explicit type), RFC 9068 (`at+jwt`). The library
//! reads neither `typ` nor `crit`, and compares `aud` and `iss` only when they are there: all four are seen to here.
//! Expiry is compared with the house's own clock, without leeway.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use super::hs256;
use crate::models::{Role, SessionId, Timestamp, UserId};

/// Who signs and who is meant: Letterbox and nobody else.
const ISSUER: &str = "letterbox";
const TYPE: &str = "at+jwt";
/// Longest token that is looked at, in bytes. Ours are shorter than a tenth of it.
const LONGEST: usize = 4_096;

/// A key for signing access tokens, and the public name under which a token says which key signed it.
#[derive(Clone)]
pub struct SigningKey {
    /// The header's `kid`.
    pub id: String,
    /// 256 bits, as HS256 wants at least (RFC 7518 §3.2).
    pub secret: [u8; 32],
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Whom it speaks of.
    pub sub: UserId,
    /// The session it belongs to.
    pub sid: SessionId,
    /// What the user was allowed when it was made. What counts is the store.
    pub role: Role,
    /// When it was made.
    pub iat: Timestamp,
    /// From when on it is refused.
    pub exp: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    role: String,
    iat: i64,
    exp: i64,
}

/// Makes and reads access tokens. The first key signs; all keys verify, so that keys rotate without logging anyone out.
pub struct AccessTokens {
    header: Header,
    signing: EncodingKey,
    verifying: Vec<(String, DecodingKey)>,
    validation: Validation,
}

impl AccessTokens {
    /// Prepares the keys and proves once that they sign and verify.
    ///
    /// # Errors
    /// A sentence for the operator when there is no key or the cryptography does not work.
    pub fn new(keys: &[SigningKey]) -> Result<Self, String> {
        hs256::install();
        let first = keys.first().ok_or("There is no key to sign access tokens with.")?;
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(first.id.clone());
        let tokens = Self {
            header,
            signing: EncodingKey::from_secret(&first.secret),
            verifying: keys.iter().map(|key| (key.id.clone(), DecodingKey::from_secret(&key.secret))).collect(),
            validation: validation(),
        };
        tokens.prove()?;
        Ok(tokens)
    }

    /// Signs `claims`.
    ///
    /// # Errors
    /// When the cryptography fails.
    pub fn issue(&self, claims: &Claims) -> Result<String, String> {
        let wire = Wire {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: claims.sub.to_string(),
            sid: claims.sid.to_string(),
            role: claims.role.as_str().to_owned(),
            iat: claims.iat.seconds(),
            exp: claims.exp.seconds(),
        };
        encode(&self.header, &wire, &self.signing).map_err(|error| error.to_string())
    }

    /// What `token` says, if it is ours and has not expired at `now`.
    pub fn read(&self, token: &str, now: Timestamp) -> Option<Claims> {
        self.read_expired(token).filter(|claims| now < claims.exp)
    }

    /// What `token` says, if it is ours. For ending a session only.
    pub fn read_expired(&self, token: &str) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        // Not verified yet: the header only chooses among the keys at hand.
        let header = decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() || header.alg != Algorithm::HS256 {
            return None;
        }
        let (_, key) = self.verifying.iter().find(|(id, _)| Some(id) == header.kid.as_ref())?;
        let wire = decode::<Wire>(token, key, &self.validation).ok()?.claims;
        Some(Claims {
            sub: wire.sub.parse().ok()?,
            sid: wire.sid.parse().ok()?,
            role: Role::parse(&wire.role)?,
            iat: Timestamp::from_millis(wire.iat.checked_mul(1_000)?),
            exp: Timestamp::from_millis(wire.exp.checked_mul(1_000)?),
        })
    }

    fn prove(&self) -> Result<(), String> {
        let now = Timestamp::from_millis(0);
        let claims = Claims {
            sub: UserId::new(now),
            sid: SessionId::from_bytes([0; 16]),
            role: Role::Member,
            iat: now,
            exp: Timestamp::from_millis(1_000),
        };
        let token = self.issue(&claims).map_err(|error| format!("Access tokens cannot be signed: {error}."))?;
        match self.read(&token, now) {
            Some(read) if read == claims => Ok(()),
            _ => Err("Access tokens cannot be verified after they were signed; this build is broken.".to_owned()),
        }
    }
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[ISSUER]);
    // The library would ask the system's clock and be 60 s generous.
    validation.validate_exp = false;
    validation.leeway = 0;
    validation
}
