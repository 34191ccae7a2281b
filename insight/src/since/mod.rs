//! Since which upstream version kernels have what programs use, until when, and what took its place.
//!
//! In: a feature's kind and name. Out: its row, with the source of what it says. The tables are in `table/`;
//! `tests/tests/since.rs` holds them to what kernels say of themselves in their BTF, and where the two disagree
//! the kernel is right. Deliberately absent: what one kernel has. Distributions take features back into older
//! kernels and build newer ones without them, so that a version alone never says what a kernel lacks.

mod table;

pub use table::{Kind, Row, rows};

pub use domain::cause::Standing;
use domain::kernel::Series;

/// What is known of one feature.
pub fn row(kind: Kind, name: &str) -> Option<&'static Row> {
    rows().iter().find(|row| row.kind == kind && row.name == name)
}

impl Row {
    /// Whether an upstream kernel of this series has it.
    pub fn standing(&self, series: Series) -> Standing {
        if self.first.is_some_and(|first| series < first) {
            return Standing::NotYet;
        }
        let removed = self.until.is_some_and(|until| until <= series);
        let back = self.again.is_some_and(|again| again <= series);
        if removed && !back { Standing::Gone } else { Standing::There }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{helper, section};

    fn at(row: &Row, series: &str) -> Standing {
        row.standing(series.parse().expect("a series"))
    }

    #[test]
    fn features_come_go_and_come_back() {
        let print = row(Kind::Kfunc, "bpf_stream_vprintk").expect("a row");
        let known = ["6.16", "6.17", "6.18", "6.19", "7.0"].map(|series| at(print, series));
        use Standing::{Gone, NotYet, There};
        assert_eq!(known, [NotYet, There, Gone, Gone, There]);
        let unlink = row(Kind::Function, "do_unlinkat").expect("a row");
        assert_eq!([at(unlink, "4.4"), at(unlink, "7.0")], [There, Gone]);
        // Control group storage has a second name and kept the first.
        let storage = row(Kind::MapType, "cgroup_storage").expect("a row");
        assert_eq!([at(storage, "4.18"), at(storage, "6.12")], [NotYet, There]);
        assert_eq!(row(Kind::Kfunc, "bpf_no_such_kfunc"), None);
    }

    #[test]
    fn nothing_that_libbpf_can_name_is_left_out() {
        assert!(helper::names().all(|name| row(Kind::Helper, name).is_some()));
        for (number, name) in (0..).zip(section::PROGRAM_TYPES).skip(1) {
            assert_eq!(row(Kind::ProgramType, name).and_then(|row| row.number), Some(number), "{name}");
        }
    }
}
