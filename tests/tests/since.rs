//! The tables of first versions agree with what kernels say of themselves in their BTF.

use tests::guests::SERIES;
use tests::since::{disagreements, witness};

#[tokio::test]
async fn first_versions_are_those_of_the_kernels_own_types() -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    for series in SERIES {
        let witness = witness(series).await?;
        wrong.extend(disagreements(&witness));
        // A kernel that says nothing disagrees with nothing.
        assert!(!insight::btf::names(&witness.btf).functions.is_empty(), "{series}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
