//! What wallets ask for, in each edition's own words.

use model::{Format, Program, ProgramId};

use super::WalletError;

/// Which credential is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `credential_configuration_id`
    Configuration(String),
    /// `credential_identifier`
    Identifier(String),
    /// `format`, with what goes with it: drafts 11 to 14.
    Format {
        /// The format identifier.
        format: String,
        /// `types`, or those of `credential_definition`.
        types: Vec<String>,
        /// `vct`
        vct: Option<String>,
    },
}

/// What a wallet asks for.
#[derive(Clone, Debug)]
pub struct CredentialRequest {
    /// Which credential.
    pub wanted: Wanted,
    /// The proofs of keys, compact JWTs.
    pub proofs: Vec<String>,
}

/// The id of the configuration in which a program issues a format. That of `jwt_vc_json` is the program's own: it is what offers
/// of draft 11 name (seed 003).
pub fn configuration_id(program: &ProgramId, format: Format) -> String {
    match format {
        Format::JwtVcJson => program.to_string(),
        Format::DcSdJwt => format!("{program}.{format}"),
    }
}

/// The program and format that a configuration id names.
pub(super) fn read_configuration_id(id: &str) -> (ProgramId, Format) {
    match id.strip_suffix(".dc+sd-jwt") {
        Some(program) => (program.into(), Format::DcSdJwt),
        None => (id.into(), Format::JwtVcJson),
    }
}

/// The format of a format identifier; SD-JWT VC had another one before draft 15.
fn format_of(identifier: &str) -> Option<Format> {
    match identifier {
        "vc+sd-jwt" => Some(Format::DcSdJwt),
        other => other.parse().ok(),
    }
}

/// The format in which a program's credential is asked for by format.
pub(super) fn format_wanted(
    program: &Program,
    format: &str,
    types: &[String],
    vct: Option<&str>,
    expected_vct: &str,
) -> Result<Format, WalletError> {
    let format = format_of(format).filter(|format| program.formats.contains(format));
    let format = format.ok_or(WalletError::UnsupportedFormat)?;
    let fits = match format {
        Format::JwtVcJson => types.contains(&program.type_name),
        Format::DcSdJwt => vct == Some(expected_vct),
    };
    if fits { Ok(format) } else { Err(WalletError::UnsupportedType) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_ids_read_back() {
        for format in Format::ALL {
            let program = ProgramId::from("membership");
            assert_eq!(read_configuration_id(&configuration_id(&program, format)), (program, format));
        }
    }
}
