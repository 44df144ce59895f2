use crate::status::Status;
use crate::status::details::{BadRequest, FieldViolation};

/// The fields of a request that are wrong, all of them, so that a caller learns at once what to change.
///
/// ```
/// use nats_rpc::details::BadRequest;
/// use nats_rpc::layer::Violations;
///
/// let mut violations = Violations::new();
/// violations.require(true, "name", "is empty");
/// violations.require(false, "age", "is not below 150");
/// let status = violations.into_result().unwrap_err();
/// assert_eq!(status.to_string(), "INVALID_ARGUMENT: age is not below 150");
/// assert_eq!(status.detail(), Some(BadRequest::violation("age", "is not below 150")));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Violations(Vec<FieldViolation>);

impl Violations {
    /// Nothing is wrong yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that a field is wrong: its path, such as `address.city`, and what is wrong with it, such as `is empty`.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(FieldViolation { field: field.into(), description: description.into() });
    }

    /// Says that a field is wrong unless something holds.
    pub fn require(&mut self, holds: bool, field: &str, description: &str) {
        if !holds {
            self.add(field, description);
        }
    }

    /// Whether anything is wrong.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when something is, with `google.rpc.BadRequest` as a detail.
    pub fn into_result(self) -> Result<(), Status> {
        if self.0.is_empty() {
            return Ok(());
        }
        let told = self.0.iter().map(|violation| format!("{} {}", violation.field, violation.description));
        let text = told.collect::<Vec<_>>().join("; ");
        Err(Status::invalid_argument(text).with_detail(&BadRequest { field_violations: self.0 }))
    }
}
