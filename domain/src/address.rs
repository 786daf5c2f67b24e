//! placeholder
/// x
pub struct EmailAddress;
impl EmailAddress {
    /// x
    pub fn parse(s: &str) -> Result<Self, std::num::ParseIntError> {
        s.parse::<i32>().map(|_| Self)
    }
}
