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

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    // The example keys of RFC 8410, section 10.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    fn file(folder: &TempDir, bytes: impl AsRef<[u8]>) -> PathBuf {
        let file = folder.path().join("file");
        fs::write(&file, bytes).unwrap();
        file
    }

    fn refused<T>(found: Result<T, InputError>) -> String {
        found.err().expect("it is refused").message
    }

    #[test]
    fn a_signature_holds_for_these_bytes_and_this_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = private_key(&file(&folder, PRIVATE)).unwrap();
        let public = public_key(&file(&folder, PUBLIC)).unwrap();
        let signed = file(&folder, sign(&key, b"text"));
        assert!(holds(&public, b"text", &signed).unwrap());
        assert!(!holds(&public, b"texts", &signed).unwrap());
        let other = SigningKey::from_bytes(&[7; 32]).verifying_key();
        assert!(!holds(&other, b"text", &signed).unwrap());
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let public = public_key(&file(&folder, PUBLIC)).unwrap();
        let held = |bytes: &[u8]| refused(holds(&public, b"text", &file(&folder, bytes)));
        assert_eq!(held(&[0; 63]), "is no signature: it has 63 bytes, and one has 64");
        assert_eq!(held(&[0; 65]), "is 65 bytes, and 64 are the most that it may have");
        let nowhere = folder.path().join("nowhere");
        assert!(refused(holds(&public, b"text", &nowhere)).starts_with("cannot be read: "));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(refused(private_key(&file(&folder, PUBLIC))).starts_with("is no Ed25519 private key"));
        assert!(refused(public_key(&file(&folder, PRIVATE))).starts_with("is no Ed25519 public key"));
        assert_eq!(refused(public_key(&file(&folder, b"\xff"))), "is not a text");
        assert_eq!(
            refused(public_key(&file(&folder, vec![b'x'; 16_385]))),
            "is 16385 bytes, and 16384 are the most that it may have"
        );
    }

    #[test]
    fn a_signature_stands_beside_its_report() {
        assert_eq!(beside(Path::new("out/report.json")), Path::new("out/report.json.sig"));
    }
}
