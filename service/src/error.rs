//! What can go wrong in a use-case. It knows no HTTP; [`Error::into_api`] is the one place
//! where it turns into what a caller may see, and where its causes are logged.

use domain::{ApiError, ErrorCode, FieldError};

/// A use-case's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a use-case did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// One or more fields break a rule.
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<FieldError>),
    /// So many fields break a rule that only the first of them are named.
    #[error("{total} fields are not valid")]
    InvalidMany {
        /// The first.
        fields: Vec<FieldError>,
        /// How many there are.
        total: usize,
    },
    /// What came in cannot be read; says why.
    #[error("{0}")]
    Malformed(String),
    /// What came in is longer than a limit.
    #[error("the body is larger than {setting}, {limit} octets")]
    TooLarge {
        /// The limit's name.
        setting: &'static str,
        /// In octets, after unpacking.
        limit: usize,
    },
    /// Recipients are being imported into the campaign.
    #[error("recipients are being imported into this campaign; ask again when that is done")]
    Importing,
    /// There is no such thing; says what was looked for.
    #[error("there is no {0}")]
    NotFound(&'static str),
    /// The thing is not in a state for this; says why.
    #[error("{0}")]
    Conflict(String),
    /// The same idempotency key is still being worked on.
    #[error("a request with this Idempotency-Key is still being worked on")]
    InProgress,
    /// The idempotency key was used before, with another request.
    #[error("this Idempotency-Key was used before, with another request")]
    KeyReused,
    /// A needed part is away; says which.
    #[error("{0} is away")]
    Unavailable(&'static str),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sea_orm::DbErr),
}

impl Error {
    /// What a caller may see of this. A fault of ours is logged here, once, with its causes.
    pub fn into_api(self) -> ApiError {
        match self {
            Self::Invalid(fields) => ApiError::invalid(fields),
            Self::InvalidMany { fields, total } => ApiError::invalid_of(fields, total),
            Self::Malformed(why) => ApiError::new(ErrorCode::Malformed, why),
            Self::TooLarge { .. } => ApiError::new(ErrorCode::PayloadTooLarge, self.to_string()),
            Self::Importing => ApiError::new(ErrorCode::Importing, self.to_string()),
            Self::NotFound(what) => ApiError::new(
                ErrorCode::NotFound,
                format!("there is no {what} of this number"),
            ),
            Self::Conflict(why) => ApiError::new(ErrorCode::Conflict, why),
            Self::InProgress => ApiError::new(ErrorCode::InProgress, self.to_string()),
            Self::KeyReused => ApiError::new(ErrorCode::IdempotencyKeyReused, self.to_string()),
            Self::Unavailable(_) => ApiError::new(ErrorCode::Unavailable, self.to_string()),
            Self::Database(_) => {
                tracing::error!(error = &self as &dyn std::error::Error, "a use-case failed");
                ApiError::new(ErrorCode::Internal, "the server's log has the reason")
            }
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        error.into_api()
    }
}
