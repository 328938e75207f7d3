//! What a wallet posts (section 8): presentations, in the clear or encrypted, or an error.

use std::collections::BTreeMap;

use jose::Quoted;
use jose::jwe::{DecryptionKey, JweError, decrypt};
use jose::{JsonError, strict_json};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::dcql::{MAX_CREDENTIALS, is_id};

/// How many parameters a form may have.
pub const MAX_PARAMETERS: usize = 64;

/// How long `state` may be, in bytes.
pub const MAX_STATE_LEN: usize = 1024;

/// How long the code of an error may be, in bytes.
pub const MAX_ERROR_LEN: usize = 128;

/// How much of an error's description is kept, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 512;

/// How many presentations there may be for one credential query.
pub const MAX_MULTIPLE: usize = 16;

/// How many presentations there may be in one answer.
pub const MAX_PRESENTATIONS: usize = 32;

/// How long one presentation may be, in bytes.
pub const MAX_PRESENTATION_LEN: usize = 1 << 20;

/// The form that a wallet posts to the response URI.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// The answer itself.
    Plain(Answer),
    /// `response`: the answer in a JWE (section 8.3.1).
    Encrypted {
        /// The compact JWE.
        jwe: String,
        /// A `state` beside it, which few wallets send.
        state: Option<String>,
    },
}

/// What a wallet answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Presentations, of which nothing was verified (section 8.1).
    Presented {
        /// The presentations.
        vp_token: VpToken,
        /// What the request had as `state`, if this is its answer.
        state: Option<String>,
    },
    /// The wallet, or the person, would not or could not (section 8.5).
    Refused(WalletError),
}

/// An error of a wallet. Everything in it is the wallet's word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WalletError {
    /// The code: printable ASCII.
    pub code: String,
    /// For people: cut at [`MAX_DESCRIPTION_CHARS`], with control characters as spaces.
    pub description: Option<String>,
    /// What the request had as `state`, if this is its answer.
    pub state: Option<String>,
}

/// Presentations, by the id of the credential query that they answer.
#[derive(Clone, Debug, PartialEq)]
pub struct VpToken {
    /// At least one for each id.
    pub presentations: BTreeMap<String, Vec<Presentation>>,
}

/// A presentation, in one of the two shapes that formats have.
#[derive(Clone, Debug, PartialEq)]
pub enum Presentation {
    /// A string: every format that this verifier asks for.
    Text(String),
    /// An object, such as a JSON serialization.
    Object(Map<String, Value>),
}

/// Why what a wallet posted cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ResponseError {
    /// The form is longer than the limit.
    #[error("the form has {len} bytes; at most {max} are read")]
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// Too many parameters.
    #[error("the form has more than {MAX_PARAMETERS} parameters")]
    TooManyParameters,
    /// A name or a value is not UTF-8.
    #[error("the form is not UTF-8")]
    NotUtf8,
    /// A parameter is there twice.
    #[error("the parameter {} is there twice", Quoted(.0))]
    Duplicate(String),
    /// Nothing that an answer has.
    #[error("the answer has neither `vp_token`, nor `response`, nor `error`")]
    Nothing,
    /// Two of what excludes one another.
    #[error("the answer has `{0}` and `{1}`, of which only one can be")]
    Both(&'static str, &'static str),
    /// A parameter is too long.
    #[error("`{name}` is longer than {max} bytes")]
    ParameterTooLong {
        /// Its name.
        name: &'static str,
        /// The limit in bytes.
        max: usize,
    },
    /// A member of a decrypted answer is not a string.
    #[error("`{0}` is not a string")]
    NotAString(&'static str),
    /// A parameter is not JSON.
    #[error("`{name}` is not JSON that can be read: {cause}")]
    Json {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        cause: JsonError,
    },
    /// A parameter is JSON, but no object.
    #[error("`{0}` is not a JSON object")]
    NotAnObject(&'static str),
    /// A code that is none (RFC 6749, section 4.1.2.1).
    #[error("`error` is not a code of printable ASCII characters")]
    ErrorCode,
    /// No presentations, or too many.
    #[error(
        "`vp_token` has 1 to {MAX_CREDENTIALS} members, each an array of 1 to {MAX_MULTIPLE} presentations, and at most \
         {MAX_PRESENTATIONS} presentations in all"
    )]
    Count,
    /// A member of `vp_token` is not named as a credential query can be.
    #[error("`vp_token` has the member {}, which is the id of no credential query", Quoted(.0))]
    Id(String),
    /// A member of `vp_token` is not an array: so drafts before 1.0 had it.
    #[error("`vp_token` has to have an array of presentations for {}", Quoted(.0))]
    NotAnArray(String),
    /// A presentation is neither a string nor an object.
    #[error("a presentation for {} is neither a string nor an object", Quoted(.0))]
    Presentation(String),
    /// A presentation is too long.
    #[error("a presentation for {} is longer than {MAX_PRESENTATION_LEN} bytes", Quoted(.0))]
    PresentationTooLong(String),
    /// The answer is in the clear, and was asked for encrypted.
    #[error("the answer has to be encrypted: send it as `response`, as the request says (`direct_post.jwt`)")]
    NotEncrypted,
    /// The answer is encrypted, and was asked for in the clear.
    #[error("the answer must not be encrypted: send `vp_token`, as the request says (`direct_post`)")]
    Encrypted,
    /// The answer cannot be decrypted.
    #[error("`response` cannot be decrypted: {0}")]
    Jwe(#[from] JweError),
    /// The form and the message inside it have different states.
    #[error("`state` beside `response` is another than the one inside it")]
    State,
}

impl Form {
    /// Reads a form (`application/x-www-form-urlencoded`) of at most `limit` bytes. Parameters that it doesn't know it
    /// ignores (section 8.1); those without a value are as if they were not there (RFC 6749, section 3.1).
    ///
    /// # Errors
    ///
    /// [`ResponseError`] if it is malformed, breaks a limit, has a parameter twice, or is no answer.
    pub fn parse(body: &str, limit: usize) -> Result<Self, ResponseError> {
        let mut parameters = Parameters::parse(body, limit)?;
        let Some(jwe) = parameters.take("response") else {
            return Ok(Self::Plain(parameters.answer()?));
        };
        if let Some(other) = ["vp_token", "error"].into_iter().find(|name| parameters.0.contains_key(*name)) {
            return Err(ResponseError::Both("response", other));
        }
        Ok(Self::Encrypted { jwe, state: parameters.take_short("state", MAX_STATE_LEN)? })
    }

    /// The answer, in the way in which it was asked for. With a key (`direct_post.jwt`) it has to be encrypted; only an error
    /// may come in the clear, from a wallet that can't encrypt (section 8.3.1). Without one (`direct_post`) it must not be.
    /// Neither message nor plaintext may be longer than `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`ResponseError`] if it came the other way, cannot be decrypted, or is no answer.
    pub fn answer(self, key: Option<&DecryptionKey>, limit: usize) -> Result<Answer, ResponseError> {
        match (self, key) {
            (Self::Plain(Answer::Presented { .. }), Some(_)) => Err(ResponseError::NotEncrypted),
            (Self::Plain(answer), _) => Ok(answer),
            (Self::Encrypted { .. }, None) => Err(ResponseError::Encrypted),
            (Self::Encrypted { jwe, state }, Some(key)) => {
                let answer = Answer::from_members(read_object("response", &decrypt(&jwe, key, limit)?)?)?;
                match (state.as_deref(), answer.state()) {
                    (Some(outside), Some(inside)) if outside != inside => Err(ResponseError::State),
                    (Some(_), None) => Ok(answer.with_state(state)),
                    _ => Ok(answer),
                }
            }
        }
    }
}

impl Answer {
    /// What the answer has as `state`: the caller compares it with that of the request.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        match self {
            Self::Presented { state, .. } => state.as_deref(),
            Self::Refused(error) => error.state.as_deref(),
        }
    }

    fn with_state(mut self, outside: Option<String>) -> Self {
        match &mut self {
            Self::Presented { state, .. } => *state = outside,
            Self::Refused(error) => error.state = outside,
        }
        self
    }

    /// Reads the members of a decrypted answer.
    fn from_members(mut members: Map<String, Value>) -> Result<Self, ResponseError> {
        let vp_token = members.remove("vp_token").map(|value| VpToken::parse(&value)).transpose()?;
        let mut texts = BTreeMap::new();
        for name in ["error", "error_description", "state"] {
            match members.remove(name) {
                None => {}
                Some(Value::String(text)) => drop(texts.insert(name.to_owned(), text)),
                Some(_) => return Err(ResponseError::NotAString(name)),
            }
        }
        Parameters(texts).answer_with(vp_token)
    }
}

impl WalletError {
    /// Whether the person said no, or the wallet has no such credential (`access_denied`).
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.code == "access_denied"
    }
}

impl VpToken {
    /// Reads a VP token (section 8.1).
    ///
    /// # Errors
    ///
    /// [`ResponseError`] if it is not an object of arrays of presentations, or breaks a limit.
    pub fn parse(value: &Value) -> Result<Self, ResponseError> {
        let members = value.as_object().ok_or(ResponseError::NotAnObject("vp_token"))?;
        if members.is_empty() || members.len() > MAX_CREDENTIALS {
            return Err(ResponseError::Count);
        }
        let mut presentations = BTreeMap::new();
        let mut count = 0;
        for (id, value) in members {
            if !is_id(id) {
                return Err(ResponseError::Id(id.clone()));
            }
            let listed = value.as_array().ok_or_else(|| ResponseError::NotAnArray(id.clone()))?;
            count += listed.len();
            if listed.is_empty() || listed.len() > MAX_MULTIPLE || count > MAX_PRESENTATIONS {
                return Err(ResponseError::Count);
            }
            let read = |value| Presentation::read(id, value);
            presentations.insert(id.clone(), listed.iter().map(read).collect::<Result<_, _>>()?);
        }
        Ok(Self { presentations })
    }
}

impl Presentation {
    fn read(id: &str, value: &Value) -> Result<Self, ResponseError> {
        let (len, presentation) = match value {
            Value::String(text) => (text.len(), Self::Text(text.clone())),
            Value::Object(object) => (value.to_string().len(), Self::Object(object.clone())),
            _ => return Err(ResponseError::Presentation(id.to_owned())),
        };
        let is_fit = len <= MAX_PRESENTATION_LEN;
        if is_fit { Ok(presentation) } else { Err(ResponseError::PresentationTooLong(id.to_owned())) }
    }

    /// The text, unless it is an object.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(_) => None,
        }
    }
}

/// The parameters of a form that have a value.
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(crate) fn parse(body: &str, limit: usize) -> Result<Self, ResponseError> {
        if body.len() > limit {
            return Err(ResponseError::TooLong { len: body.len(), max: limit });
        }
        let mut parameters = BTreeMap::new();
        for (count, pair) in body.split('&').filter(|pair| !pair.is_empty()).enumerate() {
            if count >= MAX_PARAMETERS {
                return Err(ResponseError::TooManyParameters);
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name)?;
            if parameters.contains_key(&name) {
                return Err(ResponseError::Duplicate(name));
            }
            parameters.insert(name, decoded(value)?);
        }
        parameters.retain(|_, value| !value.is_empty());
        Ok(Self(parameters))
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    pub(crate) fn take_short(
        &mut self,
        name: &'static str,
        max: usize,
    ) -> Result<Option<String>, ResponseError> {
        match self.take(name) {
            Some(text) if text.len() > max => Err(ResponseError::ParameterTooLong { name, max }),
            text => Ok(text),
        }
    }

    fn answer(mut self) -> Result<Answer, ResponseError> {
        let vp_token = match self.take("vp_token") {
            Some(text) => Some(VpToken::parse(&read_json("vp_token", text.as_bytes())?)?),
            None => None,
        };
        self.answer_with(vp_token)
    }

    fn answer_with(mut self, vp_token: Option<VpToken>) -> Result<Answer, ResponseError> {
        let state = self.take_short("state", MAX_STATE_LEN)?;
        match (vp_token, self.take_short("error", MAX_ERROR_LEN)?) {
            (Some(vp_token), None) => Ok(Answer::Presented { vp_token, state }),
            (Some(_), Some(_)) => Err(ResponseError::Both("vp_token", "error")),
            (None, None) => Err(ResponseError::Nothing),
            (None, Some(code)) if !is_code(&code) => Err(ResponseError::ErrorCode),
            (None, Some(code)) => {
                let description = self.take("error_description").map(|text| tame(&text));
                Ok(Answer::Refused(WalletError { code, description, state }))
            }
        }
    }
}

/// Decodes a name or a value of a form, strictly: `url` would replace what is not UTF-8.
fn decoded(text: &str) -> Result<String, ResponseError> {
    let spaced = text.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8().map_err(|_| ResponseError::NotUtf8)?;
    Ok(text.into_owned())
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
}

/// A text of strangers, made fit for one line of a page or a log.
fn tame(text: &str) -> String {
    let fit = |character: char| if character.is_control() { ' ' } else { character };
    text.chars().take(MAX_DESCRIPTION_CHARS).map(fit).collect()
}

fn read_json(name: &'static str, bytes: &[u8]) -> Result<Value, ResponseError> {
    strict_json(bytes).map_err(|cause| ResponseError::Json { name, cause })
}

fn read_object(name: &'static str, bytes: &[u8]) -> Result<Map<String, Value>, ResponseError> {
    match read_json(name, bytes)? {
        Value::Object(object) => Ok(object),
        _ => Err(ResponseError::NotAnObject(name)),
    }
}

/// Reads a parameter that is a JSON object.
pub(crate) fn object(name: &'static str, text: &str) -> Result<Map<String, Value>, ResponseError> {
    read_object(name, text.as_bytes())
}
