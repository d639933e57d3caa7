//! HS256 (RFC 7518 §3.2) for the JWT library, by the crates with which the rest of the house signs.
//!
//! The library's own provider brings RSA and elliptic curves along, for algorithms that Letterbox refuses.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use sha2::Sha256;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key: &EncodingKey| Ok(Box::new(Hs256::new(algorithm, key.family(), key.as_bytes())?)),
    verifier_factory: |algorithm, key: &DecodingKey| {
        Ok(Box::new(Hs256::new(algorithm, key.family(), key.try_get_as_bytes()?)?))
    },
    // For keys as JSON (RFC 7517), of which there are none here.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Has the library sign and verify by this, in the whole process. Needed before it does either, and harmless after.
pub(super) fn install() {
    // It refuses only what is there already.
    let _ = PROVIDER.install_default();
}

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: &Algorithm, family: AlgorithmFamily, secret: &[u8]) -> Result<Self> {
        if *algorithm != Algorithm::HS256 || family != AlgorithmFamily::Hmac {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Hmac::new_from_slice(secret).map(Self).map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    /// In constant time.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let mac = self.0.clone().chain_update(message);
        mac.verify_slice(signature).map_err(signature::Error::from_source)
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::crypto::{sign, verify};

    use super::*;

    /// The example of RFC 7515, appendix A.1.
    const KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==";
    const MESSAGE: &[u8] = b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn the_example_of_the_rfc_is_signed_and_verified() {
        install();
        let signing = EncodingKey::from_urlsafe_base64_secret(KEY).expect("a key");
        assert_eq!(sign(MESSAGE, &signing, Algorithm::HS256).expect("a signature"), SIGNATURE);
        let verifying = DecodingKey::from_secret(signing.as_bytes());
        let is_right =
            |signature: &str| verify(signature, MESSAGE, &verifying, Algorithm::HS256).is_ok_and(|right| right);
        assert!(is_right(SIGNATURE));
        assert!(!is_right(&SIGNATURE[..SIGNATURE.len() - 2]) && !is_right(""));
        assert!(!is_right(&SIGNATURE.replace('d', "e")));
    }

    #[test]
    fn no_other_algorithm_is_known() {
        install();
        let (signing, verifying) = (EncodingKey::from_secret(&[7; 64]), DecodingKey::from_secret(&[7; 64]));
        for other in [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
            assert!(sign(MESSAGE, &signing, other).is_err(), "{other:?}");
            assert!(verify(SIGNATURE, MESSAGE, &verifying, other).is_err(), "{other:?}");
        }
    }
}
