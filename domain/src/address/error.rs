//! Why a text is no address.

/// The first thing that keeps a text from being an address, as a short phrase for people: it follows the text and
/// a colon, as in `“ana.example.org”: no @`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AddressError {
    /// There is no `@` at all.
    #[error("no @")]
    NoAt,
    /// There is more than one `@` outside quotes.
    #[error("two @")]
    TwoAts,
    /// The local part is empty.
    #[error("nothing before the @")]
    NothingBeforeAt,
    /// The domain is empty.
    #[error("nothing after the @")]
    NothingAfterAt,
    /// The local part is over 64 octets (RFC 5321, 4.5.3.1.1).
    #[error("the part before the @ is longer than 64 characters")]
    LocalPartTooLong,
    /// The domain is over 253 octets, the most that fits the 255 of RFC 1035.
    #[error("the domain is longer than 253 characters")]
    DomainTooLong,
    /// The whole is over 254 octets: 256 for a path with its angle brackets (RFC 5321, 4.5.3.1.3).
    #[error("longer than 254 characters")]
    TooLong,
    /// A dot stands first, last or beside another one in a local part without quotes.
    #[error("a dot can’t be first, last or doubled before the @")]
    MisplacedDot,
    /// A character that a local part may hold only in quotes, or not at all.
    #[error("the character “{0}” is not allowed before the @")]
    BadLocalCharacter(char),
    /// A quote is opened and never closed.
    #[error("a quote is not closed")]
    OpenQuote,
    /// Every `@` is inside quotes.
    #[error("the @ is inside the quotes")]
    AtInQuotes,
    /// Text stands between the closing quote and the `@`.
    #[error("the quotes must go around everything before the @")]
    PartlyQuoted,
    /// White space outside quotes.
    #[error("a space is not allowed here")]
    Space,
    /// CR, LF, NUL or another control character.
    #[error("a control character is not allowed here")]
    ControlCharacter,
    /// A character without a shape, such as a zero-width space: almost always copied along unseen.
    #[error("an invisible character (U+{:04X}) is not allowed here", u32::from(*.0))]
    InvisibleCharacter(char),
    /// The replacement character: the text was not UTF-8 when it was read.
    #[error("a character could not be read; save the file as UTF-8")]
    UnreadableCharacter,
    /// Two dots in a row in the domain, or one at its start or end.
    #[error("the domain has an empty label")]
    EmptyLabel,
    /// A label of the domain is over 63 octets.
    #[error("a label of the domain is longer than 63 characters")]
    LabelTooLong,
    /// A label of the domain starts or ends with a hyphen.
    #[error("a hyphen can’t start or end a label of the domain")]
    MisplacedHyphen,
    /// An ASCII character that no host name may hold.
    #[error("the character “{0}” is not allowed after the @")]
    BadDomainCharacter(char),
    /// UTS 46 refuses it.
    #[error("not a valid international domain")]
    BadInternationalDomain,
    /// A domain without a dot other than `localhost`.
    #[error("the domain has no dot, as in example.org")]
    DotlessDomain,
    /// The last label is a number, as in an IP address.
    #[error("the domain ends in a number")]
    NumericTopLevelDomain,
    /// An address literal such as `[192.0.2.1]`.
    #[error("an IP address is not accepted after the @")]
    AddressLiteral,
    /// `<` without its `>`.
    #[error("the < is not closed")]
    OpenBracket,
    /// `<>`.
    #[error("nothing between < and >")]
    EmptyBrackets,
    /// Something stands after the `>`.
    #[error("there is text after the >")]
    TextAfterBracket,
}
