//! Detached Ed25519 signatures of reports: 64 bytes over the bytes of the file, so that anybody's tools can check them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ed25519_dalek::{
    Signature, Signer as _, SigningKey, VerifyingKey,
    pkcs8::{DecodePrivateKey as _, DecodePublicKey as _},
};

use crate::error::InputError;

pub fn sign(key: &SigningKey, bytes: &[u8]) -> [u8; Signature::BYTE_SIZE] {
    key.sign(bytes).to_bytes()
}

/// Whether the file holds this key's signature over these bytes.
pub fn holds(key: &VerifyingKey, bytes: &[u8], file: &Path) -> Result<bool, InputError> {
    let signature = short(file, Signature::BYTE_SIZE as u64)?;
    let signature = Signature::from_slice(&signature).map_err(|_| {
        let what = format!(
            "is no signature: it has {} bytes, and one has {}",
            signature.len(),
            Signature::BYTE_SIZE
        );
        InputError::new(file, "", what)
    })?;
    Ok(key.verify_strict(bytes, &signature).is_ok())
}

pub fn private_key(file: &Path) -> Result<SigningKey, InputError> {
    let text = pem(file)?;
    // The text is a secret, so the message does not say what stands there.
    SigningKey::from_pkcs8_pem(&text).map_err(|_| {
        let what =
            "is no Ed25519 private key in PEM (PKCS#8); `openssl genpkey -algorithm ed25519 -out key.pem` makes one";
        InputError::new(file, "", what)
    })
}

pub fn public_key(file: &Path) -> Result<VerifyingKey, InputError> {
    let text = pem(file)?;
    VerifyingKey::from_public_key_pem(&text).map_err(|_| {
        let what = "is no Ed25519 public key in PEM; `openssl pkey -in key.pem -pubout -out pub.pem` makes one of a private key";
        InputError::new(file, "", what)
    })
}

/// `report.json.sig`
pub fn beside(report: &Path) -> PathBuf {
    let mut name = report.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

fn pem(file: &Path) -> Result<String, InputError> {
    String::from_utf8(short(file, LONGEST_KEY)?).map_err(|_| InputError::new(file, "", "is not a text"))
}

fn short(file: &Path, longest: u64) -> Result<Vec<u8>, InputError> {
    let unreadable = |error: std::io::Error| InputError::new(file, "", format!("cannot be read: {error}"));
    let size = fs::metadata(file).map_err(unreadable)?.len();
    if size > longest {
        return Err(InputError::new(
            file,
            "",
            format!("is {size} bytes, and {longest} are the most that it may have"),
        ));
    }
    fs::read(file).map_err(unreadable)
}

const LONGEST_KEY: u64 = 16 << 10;
