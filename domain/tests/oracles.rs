//! Our parsers beside well-kept ones, where both should agree.

use domain::address::EmailAddress;
use domain::recipient_list::parse;
use proptest::prelude::*;

proptest! {
    /// Left out is what the other reads differently on purpose: domains of one label or with a number at the end,
    /// underscores in a domain, IP literals.
    #[test]
    fn an_ascii_address_is_valid_exactly_when_the_email_address_crate_says_so(
        local_part in "[a-cA-C0-1!#$%&'*+/=?^_`{|}~().,:;@\\[\\] -]{0,8}",
        domain in "[a-c0-1.-]{0,8}\\.[a-c]{1,3}",
    ) {
        let text = format!("{local_part}@{domain}");
        let options = email_address::Options::default().without_display_text().without_domain_literal();
        let theirs = email_address::EmailAddress::parse_with_options(&text, options).is_ok();
        prop_assert_eq!(EmailAddress::parse(&text).is_ok(), theirs, "{}", text);
    }

    #[test]
    fn a_table_written_by_the_csv_crate_reads_back_cell_by_cell(
        rows in prop::collection::vec(prop::collection::vec("[a-z,;\t\"\r\n é<>@]{0,8}", 3), 1..8),
        delimiter in prop::sample::select(vec![b',', b';', b'\t']),
        quote_style in prop::sample::select(vec![csv::QuoteStyle::Necessary, csv::QuoteStyle::Always]),
    ) {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).quote_style(quote_style).from_writer(Vec::new());
        writer.write_record(["one", "email", "two", "three"]).unwrap();
        for (index, row) in rows.iter().enumerate() {
            writer.write_record([&row[0], &format!("a{index}@example.org"), &row[1], &row[2]]).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let list = parse(&text);
        prop_assert_eq!(&list.invalid, &[]);
        prop_assert_eq!(list.entries.len(), rows.len());
        for (entry, row) in list.entries.iter().zip(&rows) {
            for (column, cell) in ["one", "two", "three"].into_iter().zip(row) {
                prop_assert_eq!(entry.vars[column].as_str(), cell.trim(), "{} of {:?}", column, text);
            }
        }
    }
}
